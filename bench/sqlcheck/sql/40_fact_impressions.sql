-- fact_impressions: a fact a row, with what the reference data adds (R-J0) and
-- the verdict of its own record (N10).

create table impressions as
select s.route, r.id, r.id || s.suffix as key, s.moment, s.ingest, s.late, r.user_id, r.test,
  coalesce(r.campaign_id, c.campaign_id, 'unknown') as campaign_id, r.creative_id,
  c.line_item_id, k.advertiser_id, r.site, r.app_bundle, r.exchange, r.auction_id, r.imp_id, r.bid_id, r.price,
  coalesce(r.said_currency, 'USD') as currency, r.quantity_e6, coalesce(r.said_device, 0) as device_type, r.country,
  -- MRC: a second in view, two for video, where the record does not say.
  coalesce(r.said_viewable, r.in_view_ms >= case when coalesce(r.said_format, c.ad_format) = 'video' then 2000 else 1000 end) as viewable,
  r.said_measurable, coalesce(k.pricing, 'cpm') as pricing
from standing s
join read_impressions r using (topic, part, off, line)
left join creatives c on c.creative_id = r.creative_id
left join campaigns k on k.campaign_id = coalesce(r.campaign_id, c.campaign_id)
where s.kind = 'impression' and s.class = 'fact';

create table sql_fact_impressions as
select key as impression_id, make_timestamp(moment) as event_time, user_key_of(user_id) as user_key, creative_id, campaign_id,
  line_item_id, advertiser_id, site as site_domain, app_bundle, exchange, auction_id, imp_id, bid_id,
  price as price_cpm_micros, currency, quantity_e6, viewable, coalesce(said_measurable, case when viewable is not null then true end) as measurable,
  nullif(device_type, 0) as device_type, country, not test as valid, late
from impressions;
