// Package embedded is a Kafka broker inside the process, for the demo and for
// fast tests: the real protocol on a loopback port, one broker, no JVM.
//
//	b, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{{Name: "ad.clicks", Partitions: 4}}})
//	defer b.Close()
//	cfg := kafka.Config{Brokers: b.Addrs()}
//
// It is not durable as a broker must be: it survives the end of the process
// when DataDir is set, but not a power loss, and it forgets the markers of
// aborted transactions at a crash. Nothing measured against it is a figure
// about Kafka.
package embedded
