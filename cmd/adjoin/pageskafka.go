package main

// kafkaPages are about reaching a broker and being let in.
func kafkaPages() []errorPage {
	const check = "Check step by step: adjoin check kafka"
	return []errorPage{
		{
			id: "E-KAFKA-CONFIG", exit: exitConfig, title: "section kafka cannot work",
			means:  "The settings of section kafka contradict each other, or a file that they name cannot be used.",
			causes: []string{"a certificate or key that is no PEM", "a certificate without its key", "clear text to another machine without kafka.insecure"},
			atRisk: "No.",
			next:   []string{"Repair the setting that the message names.", "Check with: adjoin config check FILE"},
		},
		{
			id: "E-KAFKA-CONNECT", exit: exitUnreachable, title: "no connection to a broker",
			means:  "None of kafka.brokers, or a broker that they named, could be reached.",
			causes: []string{"a wrong host or port in kafka.brokers", "brokers that advertise an address this machine cannot reach", "a firewall, or brokers that are down"},
			atRisk: "No. A running node waits and goes on when a broker answers.",
			next:   []string{check, "Compare kafka.brokers with the listeners of the brokers."},
		},
		{
			id: "E-KAFKA-DNS", exit: exitUnreachable, title: "the name of a broker is not known",
			means:  "The name of a broker cannot be turned into an address.",
			causes: []string{"a misspelt name in kafka.brokers", "brokers that advertise a name which only their own network knows"},
			atRisk: "No. A running node waits and goes on when the name is known.",
			next:   []string{check, "Compare the name with the listeners of the brokers."},
		},
		{
			id: "E-KAFKA-TIMEOUT", exit: exitUnreachable, title: "a broker did not answer in time",
			means:  "The connection stands, and the answer did not come within kafka.timeout or --timeout.",
			causes: []string{"a broker that is overloaded or without a leader", "a connection that is dropped without a word", "a port that speaks TLS while kafka.tls.enabled is false"},
			atRisk: "No. A running node tries again.",
			next:   []string{check, "Raise kafka.timeout.request if the brokers are only slow."},
		},
		{
			id: "E-KAFKA-TLS", exit: exitUnreachable, title: "the TLS handshake failed",
			means:  "The broker and adjoin do not agree about TLS, or the broker's certificate is not accepted.",
			causes: []string{"kafka.tls.enabled does not fit the port", "a private authority that kafka.tls.ca_file does not name", "a certificate that has expired or carries another host name"},
			atRisk: "No.",
			next:   []string{check, "Set kafka.tls.enabled, kafka.tls.ca_file or kafka.tls.server_name."},
		},
		{
			id: "E-KAFKA-AUTH", exit: exitRefused, title: "the broker refused the login",
			means:  "The connection works, but the user name, password, token or client certificate is not accepted.",
			causes: []string{"a wrong or rotated password", "a mechanism that the user has no credentials for", "a port without SASL, or with another mechanism"},
			atRisk: "No.",
			next:   []string{"Compare kafka.sasl.mechanism and kafka.sasl.username with the broker.", check},
		},
		{
			id: "E-KAFKA-RIGHTS", exit: exitRefused, title: "a permission is missing",
			means:  "The login works, but the user may not do what adjoin has to do with a topic.",
			causes: []string{"no Read or Describe on an input topic", "no Read or Write on the journal or the segments"},
			atRisk: "No.",
			next:   []string{"Grant the permission that the message names.", "Check all of them: adjoin check kafka"},
		},
		{
			id: "E-KAFKA-BROKER", exit: exitUnexpected, title: "a broker refused a request",
			means:  "A broker answered with an error that has no page of its own; the message quotes it.",
			causes: []string{"brokers older than Kafka 2.7", "a broker in trouble: see its log"},
			atRisk: "Nothing that was committed is lost.",
			next:   []string{"Read the quoted error in the documentation of Kafka.", check},
		},
	}
}

// kafkaStatePages are about what lies in the topics.
func kafkaStatePages() []errorPage {
	const check = "Check step by step: adjoin check kafka"
	return []errorPage{
		{
			id: "E-KAFKA-TOPIC-MISSING", exit: exitRefused, title: "a topic does not exist",
			means:  "A topic of the configuration does not exist, or this user may not see it.",
			causes: []string{"a misspelt topic name", "topics that were not created yet", "an input that is not there: set its key of kafka.topics to \"\""},
			atRisk: "No: adjoin does not start without it.",
			next:   []string{"Make adjoin's own topics: adjoin topics create", "Compare kafka.topics with: adjoin check kafka"},
		},
		{
			id: "E-KAFKA-TOPIC-CONFIG", exit: exitRefused, title: "the settings of a topic would lose data",
			means:  "The journal, segments or links topic exists with settings that would delete or refuse what adjoin needs. adjoin does not alter a topic.",
			causes: []string{"a topic that a client made automatically", "a journal with more than one partition, or compacted", "segments that are not compacted, or deleted by age"},
			atRisk: "Not now: adjoin does not start on such a topic.",
			next:   []string{"Run the commands that the message prints.", "Or name other topics in kafka.journal, kafka.segments and kafka.links, and make them with: adjoin topics create"},
		},
		{
			id: "E-KAFKA-TOPIC-RECREATED", exit: exitRefused, title: "a topic was deleted and made again",
			means:  "The topic has another id than the one that the journal knows. The offsets of the old topic mean nothing in the new one, so adjoin stops.",
			causes: []string{"someone deleted the topic and made one of the same name", "kafka.brokers names another cluster than before"},
			atRisk: "Yes: records of the old topic that were not read are gone with it.",
			next:   []string{"Make sure that kafka.brokers is the cluster you mean.", "Give the new topic a name of its own, or begin with a new kafka.journal and an empty lake."},
		},
		{
			id: "E-KAFKA-OFFSET-GONE", exit: exitRefused, title: "records that are still needed are gone from Kafka",
			means:  "The journal says to go on at an offset that the topic no longer has. adjoin stops rather than skip records silently.",
			causes: []string{"the node was down for longer than the topic's retention", "someone deleted records"},
			atRisk: "Yes: the records between the two offsets of the message cannot be read any more.",
			next:   []string{"Read the numbers in the message; they say how many records are missing.", "Raise the retention of the topic before going on.", "Load the missing records from a backup into a topic of kafka.backfill."},
		},
		{
			id: "E-KAFKA-UNKNOWN-OUTCOME", exit: exitUnreachable, title: "it is not known whether a record was written",
			means:  "A broker did not confirm an append to the journal. A running node finds out by itself before it goes on.",
			causes: []string{"a broker that changed or was lost in that moment"},
			atRisk: "No. The record is there once or not at all, never twice.",
			next:   []string{"Run the command again.", check},
		},
		{
			id: "E-KAFKA-TOO-LARGE", exit: exitRefused, title: "a record is larger than the topic allows",
			means:  "A broker refused a record because of its size.",
			causes: []string{"max.message.bytes of the journal, the segments or an output topic of adjoin gen is below Kafka's default"},
			atRisk: "No: nothing was written, and the commit did not happen.",
			next:   []string{"Raise max.message.bytes of the topic that the message names.", "Compare with: adjoin topics create --dry-run"},
		},
		{
			id: "E-KAFKA-SEGMENT", exit: exitUnexpected, title: "state in Kafka is missing or damaged",
			means:  "A commit names a piece of state that the segments topic does not hold any more, or holds in another form.",
			causes: []string{"a segments topic that deletes by age instead of compacting", "records deleted by hand", "a kafka.segments that belongs to another journal"},
			atRisk: "Perhaps: the state of a shard cannot be restored. Committed files are not touched.",
			next:   []string{"Do not start further nodes.", "Make sure that kafka.segments belongs to kafka.journal.", "Begin with a new journal and replay the inputs if the segments are gone."},
		},
		{
			id: "E-KAFKA-FORMAT", exit: exitUnexpected, title: "bytes that this version cannot read",
			means:  "A record batch of a topic is damaged, or in a format that this version does not know.",
			causes: []string{"a newer version of adjoin wrote the journal", "a topic in the record format of Kafka before 0.11", "damage on the way or on disk"},
			atRisk: "No: nothing was skipped.",
			next:   []string{"Compare versions: adjoin version", "Look at the record at the offset of the message with Kafka's own tools."},
		},
	}
}
