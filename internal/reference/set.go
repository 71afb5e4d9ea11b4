package reference

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/internal/event"
)

// Set is the reference data of a run. The zero Set knows nothing and gives
// defaults. A Set never changes.
type Set struct {
	campaigns map[string][]*Campaign // by id, ascending ValidFrom
	creatives map[string]*Creative
	fallback  Campaign
	reporting string         // "" is the default
	fx        map[fxKey]Rate // to the reporting currency
}

// NewSet builds a Set. It refuses two rows for one campaign with the same
// ValidFrom and two rows for one creative, naming every such pair.
func NewSet(campaigns []Campaign, creatives []Creative) (*Set, error) {
	s := &Set{
		campaigns: make(map[string][]*Campaign, len(campaigns)),
		creatives: make(map[string]*Creative, len(creatives)),
		fallback:  DefaultCampaign(),
	}
	var faults []error
	for i := range campaigns {
		c := &campaigns[i]
		s.campaigns[c.ID] = append(s.campaigns[c.ID], c)
	}
	for id, versions := range s.campaigns {
		slices.SortFunc(versions, func(a, b *Campaign) int { return cmp.Compare(a.ValidFrom, b.ValidFrom) })
		for i := 1; i < len(versions); i++ {
			if versions[i-1].ValidFrom == versions[i].ValidFrom {
				faults = append(faults, fmt.Errorf("campaign %q has two rows with the same valid_from: keep one", id))
			}
		}
	}
	for i := range creatives {
		c := &creatives[i]
		if _, twice := s.creatives[c.ID]; twice {
			faults = append(faults, fmt.Errorf("creative %q has two rows: keep one", c.ID))
		}
		s.creatives[c.ID] = c
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
		return nil, errors.Join(faults...)
	}
	return s, nil
}

// Campaign is the version of the campaign valid at the instant, and true; or
// DefaultCampaign (with an empty ID) and false where none is. The result must
// not be written to.
func (s *Set) Campaign(id string, at event.Time) (*Campaign, bool) {
	versions := s.campaigns[id]
	for i := len(versions) - 1; i >= 0; i-- {
		if versions[i].ValidFrom <= at {
			return versions[i], true
		}
	}
	if s.fallback.Location == nil {
		c := DefaultCampaign()
		return &c, false
	}
	return &s.fallback, false
}

// Creative is the creative, or nil and false where no row describes it. The
// result must not be written to.
func (s *Set) Creative(id string) (*Creative, bool) {
	c, ok := s.creatives[id]
	return c, ok
}

// Campaigns lists every version, ordered by id and ValidFrom. It copies.
func (s *Set) Campaigns() []Campaign {
	var all []Campaign
	for _, versions := range s.campaigns {
		for _, c := range versions {
			all = append(all, *c)
		}
	}
	slices.SortFunc(all, func(a, b Campaign) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.ValidFrom, b.ValidFrom))
	})
	return all
}

// Creatives lists every creative, ordered by id. It copies.
func (s *Set) Creatives() []Creative {
	var all []Creative
	for _, c := range s.creatives {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b Creative) int { return cmp.Compare(a.ID, b.ID) })
	return all
}
