-- Impressions as their JSON records state them (events 1.3): one object a record.
-- What cannot be used is `unusable`; its reason is not told apart here.

create table read_impressions as
with texts as (
  select *, try(decode(value)) as text from records where topic = 'ad_impressions'
), parsed as (
  select *, case when json_valid(text) and json_type(cast(text as json)) = 'OBJECT' then cast(text as json) end as j from texts
), stated as (
  select topic, part, off, 0 as line, ingest, j is null as broken,
    coalesce(stated(j->>'impression_id'), stated(j->>'imp_uid')) as said_id,
    coalesce(stated(j->>'timestamp'), stated(j->>'ts')) as said_time,
    coalesce(stated(j->>'user_id'), stated(j->>'uid')) as said_user,
    coalesce(json_type(j, '$.user_id'), json_type(j, '$.uid')) as user_type,
    coalesce(stated(j->>'creative_id'), stated(j->>'ad_creative_id'), stated(j->>'crid')) as said_creative,
    id_of(coalesce(stated(j->>'campaign_id'), stated(j->>'cid'))) as campaign_id,
    coalesce(stated(j->>'website'), stated(j->>'site')) as website,
    id_of(j->>'app_bundle') as app_bundle, id_of(j->>'exchange') as said_exchange, id_of(j->>'auction_id') as auction_id,
    id_of(j->>'imp_id') as said_imp, id_of(j->>'bid_id') as bid_id,
    stated(j->>'price') as said_price, stated(j->>'price_cpm_micros') as said_micros,
    upper(stated(j->>'currency')) as said_currency, lower(stated(j->>'price_type')) as price_type,
    stated(j->>'quantity') as said_quantity, lower(stated(j->>'ad_format')) as said_format,
    stated(j->>'width') as width, stated(j->>'height') as height,
    truth_of(j->>'measurable') as said_measurable, truth_of(j->>'viewable') as said_viewable,
    try_cast(j->>'in_view_ms' as bigint) as in_view_ms, stated(j->>'user_agent') as user_agent, stated(j->>'ip') as ip,
    try_cast(j->>'device_type' as integer) as said_device, stated(j->>'os') as os, stated(j->>'browser') as browser,
    stated(j->>'country') as said_country, stated(j->>'region') as region, stated(j->>'utc_offset_min') as utc_offset_min,
    truth_of(j->>'is_prefetch') as is_prefetch, truth_of(j->>'is_test') as is_test, truth_of(j->>'gdpr') as gdpr,
    stated(j->>'consent') as consent, stated(j->>'gpp') as gpp, stated(j->>'us_privacy') as us_privacy,
    time_of(j->>'sent_at') as sent_at, time_of(j->>'received_at') as received_at
  from parsed
), typed as (
  select *,
    id_of(said_id) as wire_id, time_of(said_time) as written, id_of(said_user) as user_id, id_of(said_creative) as creative_id,
    site_domain(website) as site, nullif(concat(site_domain(website), site_path(website)), '') as place,
    country_of(said_country) as country, micros_of(coalesce(said_quantity, '1')) as quantity_e6,
    -- N4: a price that is encrypted, a macro or AUDIT is null.
    coalesce(try_cast(said_micros as bigint), micros_of(said_price)) as price,
    is_test is true or is_audit(said_price) or is_audit(said_user) or is_audit(said_id) as test,
    case when auction_id is not null then coalesce(said_exchange, 'default') else said_exchange end as exchange,
    case when auction_id is not null then coalesce(said_imp, '1') else said_imp end as imp_id
  from stated
), printed as (
  select *,
    sha256(field('impression_id', wire_id) || field('timestamp', said_time) || field('user_id', user_id)
      || field('creative_id', creative_id) || field('campaign_id', campaign_id) || field('website', place)
      || field('app_bundle', app_bundle) || field('exchange', said_exchange) || field('auction_id', auction_id)
      || field('imp_id', said_imp) || field('bid_id', bid_id) || field('price_cpm_micros', price::varchar)
      || field('currency', said_currency) || field('price_type', price_type)
      || field('quantity', case when said_quantity is not null then quantity_e6::varchar end)
      || field('ad_format', said_format) || field('width', width) || field('height', height)
      || field('measurable', said_measurable::varchar) || field('viewable', said_viewable::varchar)
      || field('in_view_ms', in_view_ms::varchar) || field('user_agent', user_agent) || field('ip', ip)
      || field('device_type', said_device::varchar) || field('os', os) || field('browser', browser)
      || field('country', country) || field('region', region) || field('utc_offset_min', utc_offset_min)
      || field('is_prefetch', is_prefetch::varchar) || field('is_test', is_test::varchar)
      || field('gdpr', case when gdpr then '1' when not gdpr then '0' end) || field('consent', consent)
      || field('gpp', gpp) || field('us_privacy', us_privacy)) as print,
    -- N13: an impression without an id is known by what it shows to whom.
    coalesce(wire_id, 's:' || left(sha256(field('user_id', user_id) || field('creative_id', creative_id)
      || field('website', place) || field('timestamp', said_time)), 32)) as id
  from typed
)
select *,
  -- R1, R2.
  case when user_id is not null then 'user ' || user_id
    when auction_id is not null then 'auction ' || exchange || ' ' || auction_id
    else 'impression ' || id end as route,
  -- N3: the clock of the device is off by what lies between sent_at and received_at.
  case when sent_at >= written and received_at is not null then received_at - (sent_at - written) else written end as repaired,
  broken or written is null or creative_id is null or coalesce(user_type = 'DOUBLE', false) or bad_id(said_id) or bad_id(said_user)
    or (said_currency is not null and said_currency not in (select code from currencies))
    or coalesce(price < 0, false) or coalesce(quantity_e6 <= 0, true) as unusable
from printed;
