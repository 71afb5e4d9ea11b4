package main

import (
	"os"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/codecs/avrobid/registry"
	"github.com/advertisex/adjoin/internal/config"
)

// bidDecoders makes decoders of bid requests, the first at once: what it
// refuses is an error of the configuration.
func bidDecoders(c *config.Config, common codecs.Config) (func() codecs.Decoder, error) {
	cfg := avrobid.Config{Config: common}
	if path := c.Decode.Avro.SchemaFile; path != "" {
		b, err := os.ReadFile(string(path))
		if err != nil {
			return nil, avroFailure(err)
		}
		cfg.Schema = string(b)
	}
	if r := c.Decode.Avro.Registry; r.URL != "" {
		password, err := r.CurrentPassword()
		if err != nil {
			return nil, avroFailure(err)
		}
		client, err := registry.New(registry.Config{URL: r.URL, Username: r.Username, Password: password.Reveal()})
		if err != nil {
			return nil, avroFailure(err)
		}
		cfg.Registry = client
	}
	if _, err := avrobid.New(cfg); err != nil {
		return nil, avroFailure(err)
	}
	return func() codecs.Decoder {
		d, err := avrobid.New(cfg)
		if err != nil { // it was accepted a moment ago
			panic(err)
		}
		return d
	}, nil
}

func avroFailure(err error) error {
	return &failure{exit: exitConfig, id: "E-CONFIG", message: "decode.avro: " + err.Error(), cause: err}
}
