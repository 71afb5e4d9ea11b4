// Package e2e drives the built binary as a user would: it makes topics, sends
// records with clients that are not ours, runs, kills and restarts nodes, and
// asks the warehouse. It has tests only, and imports nothing of the engine but
// what stands for Kafka, for traffic and for the names of tables.
//
// TestMain builds the binary once. ADJOIN_BINARY names another one to test
// instead.
//
// The tests need a C compiler, and for a real Apache Kafka Java 17 and Maven
// (SKIP_KAFKA=1 leaves those out). Each prints its seed, and SEED=n repeats
// it. Every child process is ended by its id with its test.
package e2e
