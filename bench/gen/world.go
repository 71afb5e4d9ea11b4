package gen

import (
	"fmt"
	"strconv"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

// country is where people live. Offsets are winter time: they place the
// evening peak, nothing else depends on them.
type country struct {
	alpha3, alpha2 string
	offset         int // minutes east of UTC
	zone           string
	percent        int
	eea            bool
}

var countries = [...]country{
	{"USA", "US", -300, "America/New_York", 30, false},
	{"DEU", "DE", 60, "Europe/Berlin", 14, true},
	{"FRA", "FR", 60, "Europe/Paris", 8, true},
	{"GBR", "GB", 0, "Europe/London", 10, false},
	{"IND", "IN", 330, "Asia/Kolkata", 15, false},
	{"NPL", "NP", 345, "Asia/Kathmandu", 5, false},
	{"JPN", "JP", 540, "Asia/Tokyo", 8, false},
	{"BRA", "BR", -180, "America/Sao_Paulo", 10, false},
}

// money is a currency a campaign pays in, with what a dollar costs in
// thousandths.
type money struct {
	code     string
	perMille int64
}

var currencies = [...]money{{"USD", 1000}, {"EUR", 920}, {"INR", 83_000}, {"JPY", 150_000}, {"GBP", 790}}

// The conversion types, by action.
var actions = [...]string{"purchase", "sign_up", "lead", "install", "page_view", "add_to_cart"}

const (
	purchase uint8 = iota
	signUp
	lead
	install
	pageView
	addToCart
)

// size is a creative's size with the text of both numbers.
type size struct {
	w, h   int32
	format string
}

var sizes = [...]size{
	{300, 250, "banner"}, {728, 90, "banner"}, {320, 50, "banner"}, {160, 600, "banner"}, {300, 600, "native"}, {970, 250, "banner"},
}

// campaign is one advertiser's flight; what the reference file says of it and
// what decides its traffic.
type campaign struct {
	id, advertiser string
	currency       money
	premium        bool
	retargets      bool
	video          bool
	action         uint8 // what its conversions are, mostly
	zone           string
}

// creative is one ad of a campaign.
type creative struct {
	id       string
	lineItem string
	campaign uint32
	size     size
	// json is the creative's fields in both dialects, bareJSON without the
	// campaign.
	json, bareJSON [dialects][]byte
}

// world is everything that does not change during a run.
type world struct {
	campaigns []campaign
	creatives []creative
	perUnit   int // creatives a campaign
	byCountry [100]uint8
	legacy    bool
	seed      uint64
}

func newWorld(c *Config) *world {
	w := &world{perUnit: c.Creatives, legacy: c.Preset == CaseStudy, seed: derive(c.Seed, 0x776f726c64)}
	for i, slot := 0, 0; i < len(countries); i++ {
		for range countries[i].percent {
			w.byCountry[slot] = uint8(i)
			slot++
		}
	}
	for i := range c.Campaigns {
		w.campaigns = append(w.campaigns, w.campaign(i))
		for j := range c.Creatives {
			w.creatives = append(w.creatives, w.creative(i, j))
		}
	}
	return w
}

func (w *world) campaign(i int) campaign {
	h := derive(w.seed, uint64(i))
	c := campaign{
		id:         fmt.Sprintf("cmp-%04d", i),
		advertiser: fmt.Sprintf("adv-%03d", i/4),
		currency:   currencies[0],
		premium:    h%5 == 0,
		retargets:  h>>8%10 < 3,
		video:      h>>16%10 == 0,
		zone:       countries[h>>24%uint64(len(countries))].zone,
	}
	if w.legacy {
		c.id = strconv.Itoa(5000 + i)
	}
	if h>>32%10 < 4 && !w.legacy { // four in ten are not in dollars
		c.currency = currencies[1+h>>40%uint64(len(currencies)-1)]
	}
	switch h >> 48 % 10 {
	case 0:
		c.action = signUp
	case 1:
		c.action = lead
	case 2, 3:
		c.action = install
	case 4:
		c.action = pageView
	default:
		c.action = purchase
	}
	return c
}

func (w *world) creative(i, j int) creative {
	ordinal := i*w.perUnit + j
	c := creative{
		id:       fmt.Sprintf("cr-%06d", ordinal),
		lineItem: fmt.Sprintf("li-%04d-%d", i, j/2),
		campaign: uint32(i),
		size:     sizes[derive(w.seed, uint64(1_000_000+ordinal))%uint64(len(sizes))],
	}
	if w.legacy {
		c.id = strconv.Itoa(700_000 + ordinal)
	}
	if w.campaigns[i].video {
		c.size = size{640, 360, "video"}
	}
	for d := range c.json {
		c.json[d] = creativeJSON(&w.campaigns[i], &c, &names[d], true)
		c.bareJSON[d] = creativeJSON(&w.campaigns[i], &c, &names[d], false)
	}
	return c
}

// creativeJSON is what every impression of the creative says of it.
func creativeJSON(p *campaign, c *creative, n *dialect, withCampaign bool) []byte {
	b := append([]byte(`,"`), n.creative...)
	b = append(append(b, `":"`...), c.id...)
	if withCampaign {
		b = append(append(b, `","`...), n.campaign...)
		b = append(append(b, `":"`...), p.id...)
	}
	b = append(b, '"')
	if n.sizes {
		b = append(append(b, `,"ad_format":"`...), c.size.format...)
		b = strconv.AppendInt(append(b, `","width":`...), int64(c.size.w), 10)
		b = strconv.AppendInt(append(b, `,"height":`...), int64(c.size.h), 10)
	}
	if p.currency != currencies[0] || c.size.w%100 == 0 { // dollars are the default
		b = append(append(append(b, `,"currency":"`...), p.currency.code...), '"')
	}
	return b
}

// reference is the reference data that goes with the traffic. Some campaigns
// set windows of their own, price clicks or actions, or count differently.
func (w *world) reference() ([]reference.Campaign, []reference.Creative) {
	var cs []reference.Campaign
	for i := range w.campaigns {
		p := &w.campaigns[i]
		c := reference.DefaultCampaign()
		c.ID, c.AdvertiserID, c.Name = p.id, p.advertiser, "Campaign "+strconv.Itoa(i)
		c.TimeZone, c.Currency = p.zone, p.currency.code
		if w.legacy {
			c.AdvertiserID = ""
		}
		h := derive(w.seed, uint64(2_000_000+i))
		switch h % 20 {
		case 0, 1, 2:
			c.Pricing, c.RateMicros = reference.CPC, 250*p.currency.perMille
		case 3:
			c.Pricing, c.RateMicros = reference.CPA, 5000*p.currency.perMille
		}
		switch h >> 8 % 20 {
		case 0:
			c.Windows.ClickThrough = 7 * event.Day
		case 1:
			c.Windows.ViewThrough = 0
		case 2:
			c.Windows.ClickRefractory = event.Hour
		case 3:
			c.PathSet = reference.ClicksAndViews
		case 4:
			c.VTRequiresViewable = true
		case 5:
			c.CountModes = map[string]reference.CountMode{"purchase": reference.One}
		case 6:
			c.MaxClicksPerImpression = 1
		}
		cs = append(cs, c)
	}
	var crs []reference.Creative
	for i := range w.creatives {
		c := &w.creatives[i]
		crs = append(crs, reference.Creative{
			ID: c.id, CampaignID: w.campaigns[c.campaign].id, LineItemID: c.lineItem,
			AdFormat: c.size.format, Width: c.size.w, Height: c.size.h,
		})
	}
	return cs, crs
}

// person is what is fixed about a user.
type person struct {
	hash    uint64
	country *country
	anyID   uint32 // compared with the share of people without an id
}

func (w *world) person(user uint32) person {
	h := derive(w.seed, 1<<40+uint64(user))
	return person{hash: h, country: &countries[w.byCountry[h%100]], anyID: uint32(h >> 32)}
}

// Where an ad is shown follows from the site's rank, so that no table of sites
// is needed.
func isApp(site uint32) bool        { return site%10 >= 7 }
func exchangeOf(site uint32) uint32 { return (site + site/10) % uint32(len(exchanges)) }

// ios reports whether the user's telephone is one; in apps four in ten are.
func (p person) ios() bool { return p.hash>>8%10 < 4 }

// desktop reports whether the user reads web sites at a desk.
func (p person) desktop() bool { return p.hash>>12%20 < 11 }

// lifeOfID is how many days a cookie or advertising id lasts, so that one in 25
// people gets a new one each day.
const lifeOfID = 25

// identity is the generation of the user's id on a day.
func (p person) identity(day uint16) uint64 {
	return (uint64(day) + p.hash>>20%lifeOfID) / lifeOfID
}
