// Package codectest is what every decoder has to pass.
//
// Run holds a decoder to the contract of package codecs with the records its
// test gives and with hostile ones made from them; Check holds it to the part
// that is true of any bytes, which is what a fuzz target calls.
//
//	func TestConformance(t *testing.T) {
//		codectest.Run(t, codectest.Subject{New: newDecoder, Valid: valid, Hostile: hostile})
//	}
//
//	func FuzzDecode(f *testing.F) {
//		for _, value := range valid {
//			f.Add(value)
//		}
//		f.Fuzz(func(t *testing.T, value []byte) { codectest.Check(t, newDecoder(), value) })
//	}
package codectest
