package event

import "strings"

// countryPairs is ISO 3166-1: alpha-2 and alpha-3 of each country together.
const countryPairs = "ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT " +
	"AUAUS AWABW AXALA AZAZE BABIH BBBRB BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI " +
	"BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS BTBTN BVBVT BWBWA BYBLR " +
	"BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN " +
	"COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA " +
	"DODOM DZDZA ECECU EEEST EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK " +
	"FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL " +
	"GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD " +
	"HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ IRIRN " +
	"ISISL ITITA JEJEY JMJAM JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA " +
	"KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA LILIE LKLKA LRLBR LSLSO " +
	"LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD " +
	"MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI " +
	"MXMEX MYMYS MZMOZ NANAM NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL " +
	"NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL PMSPM " +
	"PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA " +
	"SASAU SBSLB SCSYC SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR " +
	"SNSEN SOSOM SRSUR SSSSD STSTP SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF " +
	"TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON TRTUR TTTTO TVTUV TWTWN " +
	"TZTZA UAUKR UGUGA UMUMI USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR " +
	"VNVNM VUVUT WFWLF WSWSM YEYEM YTMYT ZAZAF ZMZMB ZWZWE"

var (
	// alpha3 is the alpha-3 code by alpha-2 code, base 26.
	alpha3 = func() (t [26 * 26]string) {
		for pair := range strings.FieldsSeq(countryPairs) {
			t[letters(pair[:2])] = pair[2:]
		}
		return t
	}()
	// knownAlpha3 has a bit for each alpha-3 code, base 26.
	knownAlpha3 = func() (t codeSet) {
		for pair := range strings.FieldsSeq(countryPairs) {
			t.add(pair[2:])
		}
		return t
	}()
)

// Country is the ISO 3166-1 alpha-3 code of an alpha-2 or alpha-3 code in any
// case, "" for anything else (semantics N7).
func Country(text string) string {
	switch len(text) {
	case 2:
		if i := letters(text); i >= 0 {
			return alpha3[i]
		}
	case 3:
		if knownAlpha3.has(text) {
			return upper(text)
		}
	}
	return ""
}

// codeSet is a set of three-letter codes.
type codeSet [26*26*26/64 + 1]uint64

func (s *codeSet) add(code string) { s[letters(code)/64] |= 1 << (letters(code) % 64) }

func (s *codeSet) has(code string) bool {
	i := letters(code)
	return i >= 0 && s[i/64]&(1<<(i%64)) != 0
}

// letters is a code of ASCII letters in any case as a number base 26, -1 for
// anything else.
func letters(code string) int {
	n := 0
	for i := range len(code) {
		c := code[i]&^0x20 - 'A'
		if c > 25 {
			return -1
		}
		n = n*26 + int(c)
	}
	return n
}

// upper is strings.ToUpper for ASCII that looks before it copies.
func upper(s string) string {
	for i := range len(s) {
		if s[i]-'a' <= 'z'-'a' {
			return strings.ToUpper(s)
		}
	}
	return s
}
