package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/IBM/sarama"
)

// explain turns a failed connection or request into an Error: which broker, what
// happened, what to do. The symptoms are those that real brokers gave.
func (c *Config) explain(addr string, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	e := &Error{Err: err}
	for _, explain := range []func(*Error, string, error) bool{
		c.explainAuth, c.explainTLS, c.explainHangUp, c.explainNet,
	} {
		if explain(e, addr, err) {
			return e
		}
	}
	e.Code, e.Class = CodeBroker, Other
	e.What = fmt.Sprintf("%s answered with an error: %v.", addr, err)
	e.Hint = "The broker's log says more."
	return e
}

func (c *Config) explainAuth(e *Error, addr string, err error) bool {
	var code sarama.KError
	isCode := errors.As(err, &code)
	e.Code, e.Class = CodeAuth, Refused
	switch {
	case errors.Is(err, sarama.ErrSASLAuthenticationFailed):
		e.What = fmt.Sprintf("%s refused user %s with %s.", addr, c.SASL.Username, c.SASL.Mechanism)
		e.Hint = "Check user name and password; a user made for one SCRAM mechanism is unknown to the other."
	case isCode && code == sarama.ErrUnsupportedSASLMechanism:
		e.What = fmt.Sprintf("%s does not offer SASL %s.", addr, c.SASL.Mechanism)
		e.Hint = "Set kafka.sasl.mechanism to one the listener enables (sasl.enabled.mechanisms)."
	case isCode && code == sarama.ErrIllegalSASLState:
		e.What = fmt.Sprintf("%s does not ask for a log-in, but SASL %s is configured.", addr, c.SASL.Mechanism)
		e.Hint = "Use the port of the SASL listener, or remove kafka.sasl."
	default:
		return false
	}
	return true
}

func (c *Config) explainTLS(e *Error, addr string, err error) bool {
	var (
		unknownCA x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		shake     *handshakeError
	)
	e.Code, e.Class = CodeTLS, Refused
	switch {
	case errors.As(err, &unknownCA):
		e.What = fmt.Sprintf("%s has a certificate of an unknown authority.", addr)
		e.Hint = "Set kafka.tls.ca_file to the CA that signed the brokers' certificates."
	case errors.As(err, &host):
		e.What = fmt.Sprintf("%s has a certificate for another name: %v.", addr, host)
		e.Hint = "Use a name of the certificate in kafka.brokers, or set kafka.tls.server_name."
	case errors.As(err, &invalid):
		e.What = fmt.Sprintf("%s has an invalid certificate: %v.", addr, invalid)
		e.Hint = "Renew the broker's certificate, and check this machine's clock."
	case errors.As(err, &record), errors.As(err, &shake) && errors.Is(err, io.EOF):
		e.What = fmt.Sprintf("%s did not answer in TLS, but kafka.tls.enabled is true.", addr)
		e.Hint = "Use the port of the TLS listener, or set kafka.tls.enabled: false."
	case errors.As(err, &shake) && !isTimeout(err), strings.Contains(err.Error(), "remote error: tls"):
		e.What = fmt.Sprintf("%s refused TLS: %v.", addr, err)
		e.Hint = "If the broker demands a client certificate, set kafka.tls.cert_file and key_file."
	default:
		return false
	}
	return true
}

// explainHangUp: a broker that does not understand us closes the connection.
func (c *Config) explainHangUp(e *Error, addr string, err error) bool {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	e.Code, e.Class = CodeConnect, Unreachable
	e.What = fmt.Sprintf("%s closed the connection.", addr)
	switch {
	case c.SASL.Mechanism == "" && c.TLS.Enabled:
		e.Hint = "It may be restarting. If it asks for a log-in, configure kafka.sasl."
	case !c.TLS.Enabled:
		e.Hint = "It may be restarting. If the port is TLS, set kafka.tls.enabled: true; if it asks for a log-in, configure kafka.sasl."
	default:
		e.Hint = "It may be restarting, or refuse the log-in; its log says why it closed."
	}
	return true
}

func (c *Config) explainNet(e *Error, addr string, err error) bool {
	var (
		dns   *net.DNSError
		op    *net.OpError
		shake *handshakeError
	)
	e.Code, e.Class = CodeConnect, Unreachable
	switch {
	case errors.As(err, &shake) && isTimeout(err):
		e.Code = CodeTimeout
		e.What = fmt.Sprintf("%s did not answer the TLS handshake in time.", addr)
		e.Hint = "If the port is not TLS, use the port of the TLS listener, or set kafka.tls.enabled: false."
	case errors.As(err, &dns):
		e.Code = CodeDNS
		e.What = fmt.Sprintf("the name of broker %s cannot be resolved: %v.", addr, dns)
		e.Hint = "Check kafka.brokers; a name that is not in it comes from the brokers' advertised.listeners."
	case isTimeout(err):
		e.Code = CodeTimeout
		e.What = fmt.Sprintf("%s did not answer in time.", addr)
		e.Hint = "Check that it is a Kafka broker, and that no firewall drops the connection."
	case errors.As(err, &op), errors.Is(err, net.ErrClosed), errors.Is(err, sarama.ErrNotConnected):
		e.What = fmt.Sprintf("no connection to %s: %v.", addr, err)
		e.Hint = "Check address and port, and that the broker runs."
	default:
		return false
	}
	return true
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, context.DeadlineExceeded)
}

// stopped is the error of something that ended because ctx did: ctx's own error
// when the caller gave up, an Error when its time was up.
func stopped(ctx context.Context, addr string) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	return &Error{Code: CodeTimeout, Class: Unreachable, Err: ctx.Err(),
		What: fmt.Sprintf("%s did not answer in time.", addr),
		Hint: "Check that the broker runs and is not overloaded."}
}

// refusal is the Error for an error code of a broker about a topic.
func refusal(code sarama.KError, what string) *Error {
	e := &Error{Code: CodeBroker, Class: Other, Err: code, What: fmt.Sprintf("%s: %v.", what, code)}
	switch code {
	case sarama.ErrTopicAuthorizationFailed, sarama.ErrClusterAuthorizationFailed:
		e.Code, e.Class = CodeRights, Refused
		e.Hint = "Grant the user Read on source topics, and Read, Write, Delete, DescribeConfigs on adjoin's own (an unknown topic looks the same)."
	case sarama.ErrUnknownTopicOrPartition, sarama.ErrInvalidTopic:
		e.Code, e.Class = CodeTopicMissing, Refused
		e.Hint = "Check the name; adjoin topics create makes adjoin's own topics."
	case sarama.ErrMessageSizeTooLarge:
		e.Code, e.Class = CodeTooLarge, Refused
		e.Hint = "Raise the topic's max.message.bytes."
	}
	return e
}
