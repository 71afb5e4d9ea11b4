-- Campaigns and creatives. The rows of the generator hold for all time, so there
-- is one version of each; a campaign without a row has all defaults (W). Spans
-- are microseconds.

create macro span_of(s) as case
  when s = '0' then 0
  else cast(regexp_extract(s, '^[0-9]+') as bigint) * case regexp_extract(s, '[a-z]+$')
    when 'd' then 86400000000 when 'h' then 3600000000 when 'm' then 60000000
    when 's' then 1000000 when 'ms' then 1000 end end;

create table campaigns as
select
  j->>'campaign_id' as campaign_id,
  j->>'advertiser_id' as advertiser_id,
  coalesce(j->>'tz', 'UTC') as tz,
  j->>'currency' as currency,
  coalesce(j->>'pricing', 'cpm') as pricing,
  coalesce(cast(j->>'rate_micros' as bigint), 0) as rate_micros,
  j->>'scope' as scope,
  coalesce(cast(j->>'vt_requires_viewable' as boolean), false) as vt_requires_viewable,
  j->'count_modes' as count_modes,
  coalesce(cast(j->>'max_clicks_per_impression' as bigint), 0) as click_cap,
  span_of(j->>'$.windows.bid_join') as bid_join,
  span_of(j->>'$.windows.click_join') as click_join,
  span_of(j->>'$.windows.click_through') as click_through,
  span_of(j->>'$.windows.view_through') as view_through,
  span_of(j->>'$.windows.click_refractory') as refractory
from reference_campaigns;

create table creatives as
select
  j->>'creative_id' as creative_id, j->>'campaign_id' as campaign_id,
  j->>'line_item_id' as line_item_id, j->>'ad_format' as ad_format
from reference_creatives;
