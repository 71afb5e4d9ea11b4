package event

// MaxConversionTypeBytes is the longest conversion type (events 1.5).
const MaxConversionTypeBytes = 64

// ConversionType normalises a conversion type (semantics N17): lower case,
// aliases resolved. ok is false for text that is no token of 1 to 64 of
// a-z, 0-9, _ . and -.
func ConversionType(text string) (name string, ok bool) {
	if text == "" || len(text) > MaxConversionTypeBytes {
		return "", false
	}
	name = LowerASCII(text)
	for i := range len(name) {
		c := name[i]
		if c-'a' > 'z'-'a' && !isDigit(c) && c != '_' && c != '.' && c != '-' {
			return "", false
		}
	}
	switch name {
	case "signup", "sign-up":
		return "sign_up", true
	case "visit":
		return "page_view", true
	}
	return name, true
}

// LowerASCII is text with A to Z in lower case, and no other letter: what
// Unicode lower-cases changes from version to version. It aliases text that
// has none of them.
func LowerASCII(text string) string {
	for i := range len(text) {
		if text[i]-'A' > 'Z'-'A' {
			continue
		}
		b := []byte(text)
		for ; i < len(b); i++ {
			if b[i]-'A' <= 'Z'-'A' {
				b[i] |= 0x20
			}
		}
		return string(b)
	}
	return text
}
