// Package law holds the engine to the one law (semantics K1) with random
// histories.
//
// A history is a few dozen Kafka records, made of bytes as a producer would
// send them, that aim at the edges of the rules: times a microsecond around
// every window, equal times, exact repeats in other partitions, conflicting
// records of one id, orphans whose parent comes late, chains of clicks,
// sentinel ids, children without a user, adjustments. Each history goes
// through bench/oracle, which reads the whole of it at once, and through the
// engine's decoders and cores in random orders of arrival, with cuts at random
// places, any number of shards and, at random, every shard put through its
// segments after every cut. All of them must say the same.
//
//	go test ./internal/law -args -histories 1000000      # more of them
//	go test ./internal/law -args -seed 4711 -histories 1 # one again
//
// A history that fails is shrunk to the fewest records that still fail and
// printed; those that once failed are kept in testdata.
package law
