package gen

// place is where an ad is seen; bots differ by it.
type place uint8

const (
	computer place = iota
	browser        // on a telephone
	inApp
	places = int(inApp) + 1
)

// odds are the Rates as thresholds, computed once.
type odds struct {
	click, convert                       [2]chance // ordinary and premium; retail and retargeting
	bots                                 [places]chance
	botClick                             [2][places]chance
	viewThrough, doubleClick             chance
	offline, burst                       chance
	malformed                            chance
	repeat, duplicate, restate, retract  chance
	noImpressionID, noClickID            chance
	noOwnID, noConversionID              chance
	noCampaign, unmapped, noDeclaration  chance
	macro, encoded, test, audit, counted chance
	sentinel                             chance
	noUserWeb, noUserIOS                 uint32  // of 2^32
	requests                             float64 // bid requests beside the impression's own
	offered, unrendered                  chance  // of those: we bid; we won and nothing was shown
	faults                               [7]faultOdds
}

// faultOdds is the end of a fault's stretch of the range of 64 bits.
type faultOdds struct {
	below uint64
	fault fault
}

func newOdds(r *Rates) *odds {
	o := &odds{
		click: [2]chance{chanceOf(r.CTR), chanceOf(r.CTRPremium)}, convert: [2]chance{chanceOf(r.CVR), chanceOf(r.CVRRetargeting)},
		bots:        [places]chance{chanceOf(r.BotsWeb), chanceOf(r.BotsWeb), chanceOf(r.BotsApp)},
		viewThrough: chanceOf(r.ViewThrough), doubleClick: chanceOf(r.DoubleClick), offline: chanceOf(r.Offline), burst: chanceOf(r.BurstDuplicate), malformed: chanceOf(r.Malformed),
		repeat: chanceOf(r.RepeatOrder), duplicate: chanceOf(r.DuplicateOrder), restate: chanceOf(r.Restate), retract: chanceOf(r.Retract),
		noImpressionID: chanceOf(r.NoImpressionID), noClickID: chanceOf(r.NoClickID), noOwnID: chanceOf(r.NoOwnID),
		noConversionID: chanceOf(r.NoConversionID), noCampaign: chanceOf(r.NoCampaign), unmapped: chanceOf(r.Unmapped),
		noDeclaration: chanceOf(r.NoDeclaration), macro: chanceOf(r.PriceMacro), encoded: chanceOf(r.PriceEncoded),
		test: chanceOf(r.Test), audit: chanceOf(r.TestPrice), counted: chanceOf(r.Quantity), sentinel: chanceOf(r.Sentinel),
		noUserWeb: share32(r.NoUserWeb), noUserIOS: share32(r.NoUserIOS),
	}
	o.setBotClicks(r)
	o.setRequests(r)
	o.setFaults(r)
	return o
}

func share32(p float64) uint32 { return uint32(uint64(chanceOf(p)) >> 32) }

// setBotClicks makes 19% of all clicks invalid on computers, 15% in telephones'
// browsers and 11% in apps, whatever the share of bots among impressions.
func (o *odds) setBotClicks(r *Rates) {
	invalid := [places]float64{0.19, 0.15, 0.11}
	bots := [places]float64{r.BotsWeb, r.BotsWeb, r.BotsApp}
	for p := range places {
		if bots[p] <= 0 || bots[p] >= 1 {
			continue
		}
		perHuman := invalid[p] / (1 - invalid[p]) * (1 - bots[p]) / bots[p]
		o.botClick[0][p], o.botClick[1][p] = chanceOf(r.CTR*perHuman), chanceOf(r.CTRPremium*perHuman)
	}
}

// setRequests keeps the win rate whatever the number of requests: each
// impression has 1/win rate bids, its own among them; other requests get no bid.
func (o *odds) setRequests(r *Rates) {
	o.requests = max(r.BidsPerImpression-1, 0)
	if o.requests == 0 || r.WinRate <= 0 {
		return
	}
	bids := max(1/r.WinRate-1, 0)
	o.offered = chanceOf(bids / o.requests)
	if bids > 0 {
		o.unrendered = chanceOf(r.Unrendered / (1 - min(r.Unrendered, 0.5)) / bids)
	}
}

func (o *odds) setFaults(r *Rates) {
	sum := 0.0
	for i, f := range [len(o.faults)]struct {
		share float64
		fault fault
	}{
		{r.Duplicate, copied}, {r.Conflict, conflicting}, {r.Late, late}, {r.TooLate, tooLate},
		{r.Skewed, skewed}, {r.WildClock, wild}, {r.Ahead, ahead},
	} {
		sum += f.share
		o.faults[i] = faultOdds{uint64(chanceOf(sum)), f.fault}
	}
}

// drawFault is the one fault of an event, mostly none.
func (o *odds) drawFault(r *random) fault {
	u := r.next()
	if u >= o.faults[len(o.faults)-1].below {
		return sound
	}
	for _, f := range o.faults {
		if u < f.below {
			return f.fault
		}
	}
	return sound
}
