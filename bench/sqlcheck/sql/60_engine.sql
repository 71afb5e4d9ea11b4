-- What the SQL speaks of in the engine's final tables. Tables that are not here
-- are compared whole, in the columns that the SQL has.

create view engine_rejected as
select topic, "partition", "offset", line,
  case when reason in ('TIME_FUTURE', 'TOO_LATE', 'DUP_ID_CONFLICT', 'ADJUST_ORPHAN', 'ADJUST_TOO_OLD') then reason else 'UNUSABLE' end as reason
from final_rejected_events where topic <> 'bid_requests';

create view engine_fact_attributions as from final_fact_attributions where model = 'last_touch';

create view engine_agg_campaign_minute as
from final_agg_campaign_minute
where impressions_gross <> 0 or clicks_gross <> 0 or conv_ct <> 0 or conv_vt <> 0 or conv_ct_bytime <> 0 or conv_vt_bytime <> 0
  or value_ct_micros <> 0 or value_vt_micros <> 0 or spend_nanos <> 0 or value_ct_micros_bytime <> 0 or value_vt_micros_bytime <> 0;

create view engine_fact_impressions as from final_fact_impressions;
create view engine_fact_wins as from final_fact_wins;
create view engine_fact_clicks as from final_fact_clicks;
create view engine_fact_conversions as from final_fact_conversions;
