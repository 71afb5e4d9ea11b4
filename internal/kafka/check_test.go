package kafka

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// verdicts is a run of Check, "name where: verdict" each.
func verdicts(t *testing.T, cfg Config, cc CheckConfig) (string, error) {
	t.Helper()
	steps, err := Check(within(t, 30*time.Second), cfg, cc)
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%s %s: %s\n", s.Name, s.Where, s.Verdict)
		if s.Verdict == Fail && (s.Code == "" || s.Detail == "") {
			t.Errorf("a failure without code or detail: %+v", s)
		}
	}
	return b.String(), err
}

func TestCheckSaysWhatIsThere(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		good := makeTopic(t, cfg, 2, nil)
		old := makeTopic(t, cfg, 1, map[string]string{"retention.ms": "604800000"})
		short := makeTopic(t, cfg, 1, map[string]string{"retention.ms": "3600000"})
		own := OwnTopics()[:1]
		own[0].Name = makeTopic(t, cfg, 1, nil)
		w := openTxn(t, cfg, event.Partition{Topic: old}, "")
		w.send("now")
		got, err := verdicts(t, cfg, CheckConfig{Sources: []string{good, old, short, "no-such"}, Own: own})
		if codeOf(err) != CodeTopicMissing {
			t.Error(err)
		}
		for _, want := range []string{
			"connect " + cfg.Brokers[0] + ": ok", "tls " + cfg.Brokers[0] + ": advice", "login " + cfg.Brokers[0] + ": ok",
			"topic " + good + ": ok", "retention " + good + ": ok", "retention " + old + ": ok", "retention " + short + ": warning",
			"time " + good + ": advice", "topic no-such: failed", "topic " + own[0].Name + ": ok", "durability " + own[0].Name + ": advice",
		} {
			if !strings.Contains(got, want+"\n") {
				t.Errorf("%q is not in\n%s", want, got)
			}
		}
	})
}

func TestCheckNamesTheStepThatFails(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:1":          "connect 127.0.0.1:1: failed",
		"no-such.invalid:9092": "resolve no-such.invalid:9092: failed",
	} {
		got, err := verdicts(t, Config{Brokers: []string{addr}, Insecure: true}, CheckConfig{})
		var e *Error
		if !errors.As(err, &e) || e.Class != Unreachable || !strings.Contains(got, want) || !strings.Contains(got, "topic : skipped") {
			t.Errorf("%s: %v\n%s", addr, err, got)
		}
	}
}

// Rights are what the broker says the user may do.
func TestCheckNamesMissingRights(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a broker of its own")
	}
	k := kafkatest.Start(t, kafkatest.Options{Secure: true, Settings: map[string]string{
		"authorizer.class.name":          "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"super.users":                    "User:ANONYMOUS",
		"allow.everyone.if.no.acl.found": "false",
	}})
	admin := Config{Brokers: k.Brokers}
	topic := makeTopic(t, admin, 1, nil)
	user := Config{Brokers: k.Secure, TLS: TLS{Enabled: true, CAFile: k.CAFile},
		SASL: SASL{Mechanism: ScramSHA512, Username: k.User, Password: StaticPassword(k.Password)}}
	_, err := OpenSource(within(t, 10*time.Second), user, SourceConfig{Partitions: map[event.Partition]event.Offset{{Topic: topic}: 0}})
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeRights || e.Class != Refused {
		t.Error(err)
	}
	if _, err := OpenLog(within(t, 10*time.Second), user, topic); codeOf(err) != CodeRights {
		t.Error(err)
	}
	grantDescribe(t, admin, topic, k.User)
	own := OwnTopics()[:1]
	own[0].Name = topic
	got, err := verdicts(t, user, CheckConfig{Sources: []string{topic}, Own: own})
	if codeOf(err) != CodeRights || !strings.Contains(got, "rights "+topic+": failed") {
		t.Errorf("%v\n%s", err, got)
	}
	// Positions may be asked for with Describe; the first fetch says no.
	_, err = openAt(t, user, event.Partition{Topic: topic}, 0, nil).Next(within(t, 10*time.Second))
	if codeOf(err) != CodeRights {
		t.Error(err)
	}
	l, err := OpenLog(within(t, 10*time.Second), user, topic)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Append(within(t, 10*time.Second), []byte("x")); codeOf(err) != CodeRights || errors.Is(err, ErrUnknownOutcome) {
		t.Error(err)
	}
}

// grantDescribe lets a user see a topic and no more.
func grantDescribe(t *testing.T, cfg Config, topic, user string) {
	t.Helper()
	a, err := openAdmin(within(t, 10*time.Second), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	res, err := a.link.broker.CreateAcls(&sarama.CreateAclsRequest{Version: 1, AclCreations: []*sarama.AclCreation{{
		Resource: sarama.Resource{ResourceType: sarama.AclResourceTopic, ResourceName: topic, ResourcePatternType: sarama.AclPatternLiteral},
		Acl:      sarama.Acl{Principal: "User:" + user, Host: "*", Operation: sarama.AclOperationDescribe, PermissionType: sarama.AclPermissionAllow},
	}}})
	if err != nil || res.AclCreationResponses[0].Err != 0 {
		t.Fatal(res, err)
	}
}
