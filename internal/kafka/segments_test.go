package kafka

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka/embedded"
)

func TestSegmentsComeBack(t *testing.T) {
	_, cfg := startEmbedded(t, embedded.Topic{Name: "segments", Partitions: 3, Settings: map[string]string{"cleanup.policy": "compact"}})
	ctx := within(t, 20*time.Second)
	s, err := OpenSegments(ctx, cfg, "segments")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	random := make([]byte, 3_500_000)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(random)
	for key, data := range map[string][]byte{"empty": nil, "small": []byte("abc"), "large": random, "zeros": make([]byte, 5_000_000)} {
		ref, err := s.Put(ctx, key, data)
		if err != nil {
			t.Fatal(key, err)
		}
		if want := map[string]int{"large": 4}[key]; want > 0 && len(ref.Offsets) != want {
			t.Errorf("%s has %d chunks", key, len(ref.Offsets))
		}
		got, err := s.Get(ctx, ref)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%s: %d bytes instead of %d, %v", key, len(got), len(data), err)
		}
	}
}
