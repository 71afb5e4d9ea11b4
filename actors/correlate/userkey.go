package correlate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// UserKey is what stands for a user id in every output: 32 hex digits, the
// first 16 bytes of HMAC-SHA256 under the secret (semantics P2).
func UserKey(secret []byte, user string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(user))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
