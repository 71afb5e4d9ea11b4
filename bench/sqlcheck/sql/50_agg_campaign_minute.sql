-- agg_campaign_minute: impressions, clicks, conversions and spend (R-G1, R-G2).
-- Requests, bids, assists and late events are left out.

create macro minute_of(moment) as make_timestamp(moment - ((moment % 60000000) + 60000000) % 60000000);

create table contributions as
-- An impression counts by its quantity and, valid and paid by thousand, costs its
-- price: a CPM micro is a nano an impression.
select minute_of(moment) as bucket_start, campaign_id, creative_id, exchange, country, device_type, currency,
  quantity_e6::hugeint as impressions_gross, case when test then quantity_e6 else 0 end::hugeint as impressions_givt,
  case when not test and coalesce(said_measurable, viewable is not null) then quantity_e6 else 0 end::hugeint as measurable,
  case when not test and viewable then quantity_e6 else 0 end::hugeint as viewable,
  0 as clicks_gross, 0 as clicks_givt, 0 as orphan_clicks, 0 as conv_ct, 0 as conv_vt,
  0::hugeint as value_ct_micros, 0::hugeint as value_vt_micros, 0 as conv_ct_bytime, 0 as conv_vt_bytime,
  0::hugeint as value_ct_micros_bytime, 0::hugeint as value_vt_micros_bytime,
  -- Half to even, for quantities that do not divide.
  case when test or price is null or pricing <> 'cpm' then 0 else
    price::hugeint * quantity_e6 // 1000000 + case
      when 2 * (price::hugeint * quantity_e6 % 1000000) > 1000000 then 1
      when 2 * (price::hugeint * quantity_e6 % 1000000) = 1000000 then (price::hugeint * quantity_e6 // 1000000) % 2 else 0 end
  end as spend_nanos
from impressions
union all
select minute_of(moment), campaign_id, row_creative, row_exchange, row_country, row_device, currency,
  0, 0, 0, 0, 1, (codes <> '')::integer, (step is null)::integer, 0, 0, 0, 0, 0, 0, 0, 0,
  case when codes = '' then rate_nanos else 0 end
from clicks
union all
-- Conversions belong to their last touch's group, once at its minute and once at
-- their own (G1), in their own currency.
select case when g.by_time then minute_of(c.moment) else minute_of(c.touch_at) end, t.campaign_id, t.creative_id, t.exchange, t.country, t.device_type, c.currency,
  0, 0, 0, 0, 0, 0, 0,
  (not g.by_time and c.touch_kind = 'CLICK')::integer, (not g.by_time and c.touch_kind = 'VIEW')::integer,
  case when not g.by_time and c.touch_kind = 'CLICK' then c.amount else 0 end, case when not g.by_time and c.touch_kind = 'VIEW' then c.amount else 0 end,
  (g.by_time and c.touch_kind = 'CLICK')::integer, (g.by_time and c.touch_kind = 'VIEW')::integer,
  case when g.by_time and c.touch_kind = 'CLICK' then c.amount else 0 end, case when g.by_time and c.touch_kind = 'VIEW' then c.amount else 0 end,
  case when not g.by_time and k.pricing = 'cpa' then k.rate_micros * 1000 else 0 end
from conversions c
cross join (values (false), (true)) g(by_time)
join (
  select 'CLICK' as kind, route, key, campaign_id, row_creative as creative_id, row_exchange as exchange, row_country as country, row_device as device_type from clicks
  union all
  select 'VIEW', route, key, campaign_id, creative_id, exchange, country, device_type from impressions
) t on t.kind = c.touch_kind and t.route = c.touch_route and t.key = c.touch
left join campaigns k on k.campaign_id = t.campaign_id
where c.reason is null;

create table sql_agg_campaign_minute as
select bucket_start, coalesce(campaign_id, '') as campaign_id, coalesce(creative_id, '') as creative_id, coalesce(exchange, '') as exchange,
  coalesce(country, '') as country, device_type, coalesce(currency, '') as currency,
  cast(sum(impressions_gross) as decimal(38, 0)) * 0.000001 as impressions_gross, cast(sum(impressions_givt) as decimal(38, 0)) * 0.000001 as impressions_givt,
  cast(sum(measurable) as decimal(38, 0)) * 0.000001 as measurable, cast(sum(viewable) as decimal(38, 0)) * 0.000001 as viewable,
  sum(clicks_gross) as clicks_gross, sum(clicks_givt) as clicks_givt, sum(clicks_gross - clicks_givt) as clicks_net, sum(orphan_clicks) as orphan_clicks,
  sum(conv_ct) as conv_ct, sum(conv_vt) as conv_vt, sum(value_ct_micros) as value_ct_micros, sum(value_vt_micros) as value_vt_micros,
  sum(conv_ct_bytime) as conv_ct_bytime, sum(conv_vt_bytime) as conv_vt_bytime, sum(value_ct_micros_bytime) as value_ct_micros_bytime,
  sum(value_vt_micros_bytime) as value_vt_micros_bytime, sum(spend_nanos) as spend_nanos
from contributions group by all
having impressions_gross <> 0 or clicks_gross <> 0 or conv_ct <> 0 or conv_vt <> 0 or conv_ct_bytime <> 0 or conv_vt_bytime <> 0
  or value_ct_micros <> 0 or value_vt_micros <> 0 or spend_nanos <> 0 or value_ct_micros_bytime <> 0 or value_vt_micros_bytime <> 0;
