package gen

// device is how a browser or telephone describes itself.
type device struct {
	json  [2]string // fields of an impression; the second with a longer user agent and address
	agent string
	os    string
	kind  int32 // AdCOM device type: 2 computer, 4 telephone
}

const (
	windowsAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
	androidAgent = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
	iosAgent     = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
	botAgent     = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)

var (
	desktopDevice = describe(windowsAgent, "Windows", "chrome", 2)
	androidDevice = describe(androidAgent, "Android", "chrome", 4)
	iosDevice     = describe(iosAgent, "iOS", "safari", 4)
	botDevice     = describe(botAgent, "Linux", "other", 2)
)

func describe(agent, os, browser string, kind int32) device {
	fields := `,"device_type":` + string('0'+kind) + `,"os":"` + os + `"`
	return device{
		json:  [2]string{fields, fields + `,"browser":"` + browser + `","user_agent":"` + agent + `"`},
		agent: agent, os: os, kind: kind,
	}
}

// deviceOf is the device in the user's hand on the site.
func (p person) deviceOf(site uint32) *device {
	switch {
	case !isApp(site) && p.desktop():
		return &desktopDevice
	case p.ios():
		return &iosDevice
	}
	return &androidDevice
}

// exchanges are the sources of impressions. Each has a dialect and a way to
// write time and price.
var exchanges = [...]string{"exch-a", "exch-b", "exch-c", "exch-d", "exch-e"}

// dialect is the names a source uses for the fields that have aliases.
type dialect struct {
	impression, time, user, creative, campaign, site string
	sizes                                            bool // says format and size
}

const dialects = 2

var names = [dialects]dialect{
	{"impression_id", "timestamp", "user_id", "creative_id", "campaign_id", "website", true},
	{"imp_uid", "ts", "uid", "crid", "cid", "site", false},
}
