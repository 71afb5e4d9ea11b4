-- Clicks and conversions as their CSV lines state them (events 1.4, 1.5, N15,
-- N16). A header orders the columns of its record; without one the configured
-- list holds. Quoted line breaks are left out: no preset writes one.

create table lines as
with texts as (
  select *, try(decode(value)) as text from records where topic in ('clicks', 'conversions', 'clicks_conversions')
), split as (
  select topic, part, off, ingest, text,
    list_filter(list_transform(string_split(regexp_replace(text, '^\x{FEFF}', ''), chr(10)), s -> rtrim(s, chr(13))), s -> s <> '') as rows
  from texts
), headed as (
  -- A quote that stays open takes the rest of its record with it.
  select * exclude (rows), case when len(string_split(text, '"')) % 2 = 0 then rows[1:2] else rows end as rows,
    coalesce(list_has_all(getvariable('column_names'), string_split(lower(rows[1]), ',')), false) as has_header
  from split
), numbered as (
  select topic, part, off, ingest,
    case when has_header then string_split(lower(rows[1]), ',')
      when topic = 'clicks' then ['event_timestamp', 'user_id', 'campaign_id']
      else ['event_timestamp', 'user_id', 'campaign_id', 'conversion_type'] end as columns,
    unnest(case when has_header then rows[2:] else rows end) as row,
    generate_subscripts(case when has_header then rows[2:] else rows end, 1) - 1 as line
  from headed
), cut as (
  select *, list_transform(regexp_extract_all(row || ',', '("(?:[^"]|"")*"|[^",]*),', 1),
    c -> case when c[1] = '"' then replace(c[2:-2], '""', '"') else c end) as cells
  from numbered
)
select topic, part, off, line, ingest,
  len(string_split(row, '"')) % 2 = 0 or len(cells) <> len(columns) as broken,
  case when len(string_split(row, '"')) % 2 = 1 and len(cells) = len(columns) then map(columns, cells) end as cells
from cut;

create macro cell(m, name) as stated(m[name]);

create table read_clicks as
with stated as (
  select topic, part, off, line, ingest, broken,
    coalesce(cell(cells, 'event_timestamp'), cell(cells, 'timestamp')) as said_time, cell(cells, 'user_id') as said_user,
    id_of(coalesce(cell(cells, 'campaign_id'), cell(cells, 'ad_campaign_id'))) as campaign_id,
    id_of(coalesce(cell(cells, 'creative_id'), cell(cells, 'ad_creative_id'))) as creative_id,
    id_of(coalesce(cell(cells, 'click_id'), cell(cells, 'gclid'))) as wire_id, id_of(cell(cells, 'impression_id')) as impression_id,
    id_of(cell(cells, 'exchange')) as said_exchange, id_of(cell(cells, 'auction_id')) as auction_id, id_of(cell(cells, 'imp_id')) as said_imp,
    id_of(cell(cells, 'bid_id')) as bid_id, lower(coalesce(cell(cells, 'conversion_type'), cell(cells, 'event_type'))) as kind,
    site_domain(cell(cells, 'website')) as site, nullif(concat(site_domain(cell(cells, 'website')), site_path(cell(cells, 'website'))), '') as place,
    site_domain(cell(cells, 'landing_url')) as landing_host, cell(cells, 'user_agent') as user_agent, cell(cells, 'ip') as ip,
    country_of(cell(cells, 'country')) as country, try_cast(cell(cells, 'device_type') as integer) as said_device, cell(cells, 'os') as os
  from lines
  where topic = 'clicks' or (topic = 'clicks_conversions' and not broken
    and lower(coalesce(cell(cells, 'conversion_type'), cell(cells, 'event_type'))) = 'click')
), typed as (
  select *, time_of(said_time) as repaired, id_of(said_user) as user_id,
    case when auction_id is not null then coalesce(said_exchange, 'default') else said_exchange end as exchange,
    case when auction_id is not null then coalesce(said_imp, '1') else said_imp end as imp_id
  from stated
), printed as (
  select *, sha256(field('event_timestamp', said_time) || field('user_id', user_id) || field('campaign_id', campaign_id)
    || field('creative_id', creative_id) || field('click_id', wire_id) || field('impression_id', impression_id)
    || field('exchange', said_exchange) || field('auction_id', auction_id) || field('imp_id', said_imp) || field('bid_id', bid_id)
    || field('conversion_type', kind) || field('website', place) || field('landing_url', landing_host)
    || field('user_agent', user_agent) || field('ip', ip) || field('country', country)
    || field('device_type', said_device::varchar) || field('os', os)) as print
  from typed
)
select *, coalesce(wire_id, 's:' || left(print, 32)) as id,
  case when user_id is not null then 'user ' || user_id else 'click ' || coalesce(wire_id, 's:' || left(print, 32)) end as route,
  broken or repaired is null or bad_id(said_user) or coalesce(user_id, wire_id, impression_id, auction_id) is null as unusable,
  is_audit(said_user) as test
from printed;

create table read_conversions as
with stated as (
  select topic, part, off, line, ingest, broken,
    coalesce(cell(cells, 'event_timestamp'), cell(cells, 'timestamp'), cell(cells, 'conversion_time')) as said_time,
    cell(cells, 'user_id') as said_user, id_of(coalesce(cell(cells, 'campaign_id'), cell(cells, 'ad_campaign_id'))) as campaign_id,
    lower(coalesce(cell(cells, 'conversion_type'), cell(cells, 'event_name'), cell(cells, 'event_type'))) as said_kind,
    id_of(coalesce(cell(cells, 'conversion_id'), cell(cells, 'event_id'))) as wire_id,
    id_of(coalesce(cell(cells, 'order_id'), cell(cells, 'transaction_id'))) as order_id,
    id_of(cell(cells, 'click_id')) as click_id, id_of(cell(cells, 'impression_id')) as impression_id,
    id_of(cell(cells, 'advertiser_id')) as advertiser_id, cell(cells, 'value') as said_value,
    upper(cell(cells, 'currency')) as said_currency, cell(cells, 'quantity') as said_quantity, upper(cell(cells, 'adjustment')) as said_adjustment
  from lines
  where topic = 'conversions' or (topic = 'clicks_conversions'
    and (broken or coalesce(lower(coalesce(cell(cells, 'conversion_type'), cell(cells, 'event_type'))), '') <> 'click'))
), typed as (
  select *, time_of(said_time) as repaired, id_of(said_user) as user_id,
    -- N17.
    case said_kind when 'signup' then 'sign_up' when 'sign-up' then 'sign_up' when 'visit' then 'page_view' else said_kind end as kind,
    micros_of(said_value) as value, try_cast(said_quantity as integer) as quantity, coalesce(said_adjustment, 'NEW') as adjustment
  from stated
), printed as (
  select *, sha256(field('event_timestamp', said_time) || field('user_id', user_id) || field('campaign_id', campaign_id)
    || field('conversion_type', kind) || field('conversion_id', wire_id) || field('order_id', order_id) || field('click_id', click_id)
    || field('impression_id', impression_id) || field('advertiser_id', advertiser_id) || field('value_micros', value::varchar)
    || field('currency', said_currency) || field('quantity', quantity::varchar) || field('adjustment', said_adjustment)) as print
  from typed
)
select *, coalesce(wire_id, 's:' || left(print, 32)) as id,
  case when user_id is not null then 'user ' || user_id else 'conversion ' || coalesce(wire_id, 's:' || left(print, 32)) end as route,
  broken or repaired is null or bad_id(said_user) or kind is null or coalesce(user_id, click_id, impression_id) is null
    or (adjustment <> 'NEW' and coalesce(wire_id, order_id) is null)
    or (said_currency is not null and said_currency not in (select code from currencies))
    or (said_value is not null and (value is null or (value < 0 and adjustment <> 'RESTATE'))) as unusable,
  is_audit(said_user) as test
from printed;
