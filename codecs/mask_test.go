package codecs_test

import (
	"strings"
	"testing"

	"github.com/advertisex/adjoin/codecs"
)

func TestMaskedBytesShowShapeAndNothingPersonal(t *testing.T) {
	for raw, want := range map[string]string{
		`{"user_id":"alice@mail.example","ip":"203.0.113.7"}`: `{"user_id":"xxxxx@xxxx.xxxxxxx","ip":"999.9.999.9"}`,
		"2025-11-23 10:00:00,u-77,2001:db8::1\r\n":            "9999-99-99 99:99:99,x-99,9999:xx9::9..",
		"\x00\x01Jürgen\xff\x7f":                              "..xxxxxxxx.",
		`{"User_ID":null,"user_id2":true}`:                    `{"User_ID":null,"xxxx_xx9":true}`,
		"":                                                    "",
	} {
		if got := string(codecs.AppendMasked(nil, []byte(raw))); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
	if got := codecs.AppendMasked([]byte("kept"), []byte(strings.Repeat("a", 1000))); string(got) != "kept"+strings.Repeat("x", codecs.MaxRawBytes) {
		t.Errorf("%q", got)
	}
}
