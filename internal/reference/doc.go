// Package reference is the slowly changing knowledge the engine joins against:
// which campaign a creative belongs to, and how a campaign wants its events
// counted (spec tables dim_campaign and dim_creative, semantics W and A1).
//
//	set, err := reference.Parse(campaignsJSON, creativesJSON)
//	c, known := set.Campaign("cmp-7", click.EventTime)
//	span := c.Windows.ClickThrough
//
// A campaign may have several rows, each valid from its valid_from on. A
// decision uses the row that is valid at the deciding child's event time, so a
// changed window never reaches back. A Set never changes once parsed and may be
// read from everywhere at once; lookups allocate nothing.
//
// An absent field means the default of semantics W: it is filled in while
// parsing, so nobody downstream asks whether a field was set; the few settings
// that fall through to another campaign (scope, path set, count mode, currency)
// have an unset value of their own. An unknown field
// is an error, because a misspelt window would otherwise silently be a default.
package reference
