package kafka

import (
	"fmt"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

// apply puts the log-in into sarama's configuration, asking for the secret.
func (s SASL) apply(conf *sarama.Config) error {
	if s.Mechanism == "" {
		return nil
	}
	sasl := &conf.Net.SASL
	sasl.Enable = true
	sasl.Handshake = true
	sasl.Version = sarama.SASLHandshakeV1
	sasl.Mechanism = sarama.SASLMechanism(s.Mechanism)
	if s.Mechanism == OAuthBearer {
		sasl.TokenProvider = tokens{s.Token}
		return nil
	}
	password, err := s.Password()
	if err != nil {
		return &Error{Code: CodeAuth, Class: Refused, Err: err,
			What: fmt.Sprintf("the password of Kafka user %s cannot be read: %v.", s.Username, err),
			Hint: "Check kafka.sasl.password_file and who may read it."}
	}
	sasl.User, sasl.Password = s.Username, password
	switch s.Mechanism {
	case ScramSHA256:
		sasl.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: scram.SHA256} }
	case ScramSHA512:
		sasl.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: scram.SHA512} }
	}
	return nil
}

// tokens adapts Config's token source to sarama.
type tokens struct{ get func() (Token, error) }

// Token is called at each log-in, and again before the session ends.
func (t tokens) Token() (*sarama.AccessToken, error) {
	token, err := t.get()
	if err != nil {
		return nil, fmt.Errorf("no OAUTHBEARER token: %w", err)
	}
	return &sarama.AccessToken{Token: token.Value, Extensions: token.Extensions}, nil
}

// scramClient adapts xdg-go/scram to sarama: one conversation.
type scramClient struct {
	hash scram.HashGeneratorFcn
	conv *scram.ClientConversation
}

// Begin starts a conversation.
func (c *scramClient) Begin(user, password, authzID string) error {
	client, err := c.hash.NewClient(user, password, authzID)
	if err != nil {
		return err
	}
	c.conv = client.NewConversation()
	return nil
}

// Step answers a challenge.
func (c *scramClient) Step(challenge string) (string, error) { return c.conv.Step(challenge) }

// Done reports whether the conversation is over.
func (c *scramClient) Done() bool { return c.conv.Done() }
