package event

import "strings"

// currencyCodes is ISO 4217: the codes in use, and those withdrawn so lately
// (ANG, BGN, CUC, HRK, SLL, ZWL) that data in them still comes.
const currencyCodes = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD " +
	"BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY " +
	"COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP " +
	"GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD " +
	"IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR " +
	"LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR " +
	"MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON " +
	"RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC " +
	"SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU " +
	"UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG " +
	"XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL"

// knownCurrency has a bit for each code.
var knownCurrency = func() (t codeSet) {
	for code := range strings.FieldsSeq(currencyCodes) {
		t.add(code)
	}
	return t
}()

// Currency is the upper-case ISO 4217 code, ok false for any other text
// (semantics N5).
func Currency(text string) (code string, ok bool) {
	if len(text) != 3 || !knownCurrency.has(text) {
		return "", false
	}
	return upper(text), true
}
