// Package kafkatest runs a throw-away Apache Kafka on loopback for tests.
//
//	k := kafkatest.Start(t, kafkatest.Options{})
//	cfg := kafka.Config{Brokers: k.Brokers}
//
// The jars come from Maven Central through mvn, once, into a cache; a broker
// then takes about three seconds to start. Java 17, mvn, bash and (for Secure)
// openssl must be installed; where one is missing the test fails with a
// sentence that says so, unless SKIP_KAFKA=1 skips it.
package kafkatest
