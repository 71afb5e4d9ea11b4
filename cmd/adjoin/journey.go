package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

// journeySQL is everything the warehouse says of one user, in the order of the
// events. It has one parameter, the user key, put in as a literal of hex digits.
const journeySQL = `
select event_time, kind, id, detail from (
  select event_time, 1 as n, 'bid' as kind, coalesce(nullif(bid_id, ''), 'no bid') as id,
         concat_ws(' ', campaign_id, case when bid_cpm_micros is not null then 'at ' || (bid_cpm_micros / 1e6)::varchar || ' ' || currency || ' CPM' end) as detail
  from fact_bids_current where user_key = '%[1]s'
  union all
  select i.event_time, 2, 'impression', i.impression_id,
         concat_ws(' ', i.campaign_id, i.creative_id, 'on', coalesce(i.site_domain, i.app_bundle),
           case when w.impression_id is not null then 'won by bid ' || w.bid_id || ' (+' || w.bid_to_imp_ms || 'ms, ' || w.match_method || ')' end, i.ivt_codes)
  from fact_impressions_current i left join fact_wins_current w using (route, impression_id) where i.user_key = '%[1]s'
  union all
  select event_time, 3, 'click', click_id,
         case when match_status = 'MATCHED' then 'matched ' || impression_id || ' (+' || imp_to_click_ms || 'ms, ' || match_method || ')'
              else 'orphan: ' || coalesce(orphan_reason, '') end || coalesce(' ' || ivt_codes, '')
  from fact_clicks_current where user_key = '%[1]s'
  union all
  select event_time, 4, 'conversion', conversion_id,
         concat_ws(' ', conversion_type, (value_micros / 1e6)::varchar, currency,
           case touch_kind when 'NONE' then 'unattributed' else 'last touch ' || touch_kind || ' of ' || last_touch_campaign_id || ', path of ' || path_len end, count_reason)
  from fact_conversions_current where user_key = '%[1]s'
) order by event_time, n, id`

// journeyDocument is `adjoin journey -o json`.
type journeyDocument struct {
	FormatVersion int            `json:"format_version"`
	UserKey       string         `json:"user_key"`
	Events        []journeyEvent `json:"events"`
}

type journeyEvent struct {
	Time   time.Time `json:"time"`
	Kind   string    `json:"kind"`
	ID     string    `json:"id"`
	Detail string    `json:"detail"`
}

func newJourneyCommand(a *app) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "journey USER -c FILE",
		Short: "Tell what happened to one user: bids, impressions, clicks, conversions",
		Long: "Shows the events of one user id as of the last commit, each with what it was\n" +
			"joined to. The warehouse holds keyed hashes only, so the configuration must name\n" +
			"the same correlate.user_key as the node's.",
		Example: "  adjoin journey -c adjoin.yaml demo-user",
		Args:    arguments(1, 1, "one USER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			loaded, err := a.loadConfig(nil)
			if err != nil {
				return err
			}
			rules, err := settings(&loaded.Config)
			if err != nil {
				return err
			}
			w, closeAll, err := a.openForQuery(cmd.Context(), &loaded.Config, path)
			if err != nil {
				return engineFailure(err)
			}
			doc := journeyDocument{FormatVersion: 1, UserKey: correlate.UserKey(rules.UserKeySecret, args[0]), Events: []journeyEvent{}}
			err = w.Query(cmd.Context(), fmt.Sprintf(journeySQL, doc.UserKey), duckdb.Visit{
				Row: func(v []any) error {
					at, _ := v[0].(time.Time)
					doc.Events = append(doc.Events, journeyEvent{Time: at, Kind: fmt.Sprint(v[1]), ID: fmt.Sprint(v[2]), Detail: text(v[3])})
					return nil
				},
			})
			if err = errors.Join(err, closeAll()); err != nil {
				return err
			}
			return a.printJourney(args[0], doc)
		},
	}
	cmd.Flags().StringVar(&path, "path", "", "`FILE` of the warehouse (default: the duckdb target of section load)")
	return outputs(cmd, "text", "json")
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (a *app) printJourney(user string, doc journeyDocument) error {
	if a.json() {
		return a.document(doc)
	}
	fmt.Fprintf(a.out, "user %s   key %s\n", user, doc.UserKey)
	for _, e := range doc.Events {
		fmt.Fprintf(a.out, "%s  %-11s %s  %s\n", e.Time.Format("2006-01-02 15:04:05.000"), e.Kind, e.ID, strings.TrimSpace(e.Detail))
	}
	if len(doc.Events) == 0 {
		fmt.Fprintln(a.out, "nothing is known of this user as of the last commit")
	}
	return nil
}
