-- fact_wins: the offer that won each impression (J1, R-J1). Offers inside their
-- window are narrowed by bid, creative and campaign, each step only where the
-- impression has the field and something is left; then the highest price counts.

create table bids as
select s.route, s.moment, b.exchange, b.auction_id, b.app_bundle, b.imps, b.offers, b.test
from standing s join read_bids b using (topic, part, off)
where s.kind = 'bid' and s.class = 'fact';

create table offers as
select b.route, b.moment, b.exchange, b.auction_id, o.bid_id, o.response_id, o.imp_id, o.campaign_id, o.creative_id, o.price,
  case when i.exp_s > 0 then greatest(2 * i.exp_s * 1000000, 60000000)
    else coalesce(k.bid_join, case when b.app_bundle <> '' then 3600000000 else 600000000 end) end as bid_window
from (select * exclude (offers), unnest(offers) as o from bids) b
left join lateral (select max(x.exp_s) as exp_s from (select unnest(b.imps) as x) where x.imp_id = b.o.imp_id) i on true
left join campaigns k on k.campaign_id = b.o.campaign_id;

create table sql_fact_wins as
with candidates as (
  select i.route, i.key, i.moment as imp_at, i.price as clearing, i.currency, i.test, i.bid_id as imp_bid, i.creative_id as imp_creative,
    i.campaign_id as imp_campaign, o.* exclude (route)
  from impressions i join offers o
    on o.route = i.route and o.exchange = i.exchange and o.auction_id = i.auction_id and o.imp_id = i.imp_id
  -- J5 and the window; T6: two hours late is too late for this join.
  where i.moment - o.moment between -60000000 and o.bid_window and i.ingest - i.moment <= 7200000000
), of_one_bid as (
  -- J5a: of several requests under one id the latest at or before impression + 2 s.
  select * from candidates
  qualify moment = first_value(moment) over (partition by route, key order by (moment > imp_at + 2000000), case when moment > imp_at + 2000000 then moment else -moment end)
), step_bid as (
  select *, coalesce(imp_bid in (bid_id, response_id), false) as fits, count(*) over w as n from of_one_bid
  window w as (partition by route, key)
), after_bid as (
  select * exclude (fits), n as n0 from step_bid qualify fits or not bool_or(fits) over (partition by route, key) or n = 1
), step_creative as (
  select * exclude (n), count(*) over (partition by route, key) as n1, creative_id = imp_creative as fits from after_bid
), after_creative as (
  select * exclude (fits) from step_creative qualify fits or not bool_or(fits) over (partition by route, key) or n1 = 1
), step_campaign as (
  select *, count(*) over (partition by route, key) as n2, campaign_id = imp_campaign as fits from after_creative
), after_campaign as (
  select * exclude (fits) from step_campaign qualify fits or not bool_or(fits) over (partition by route, key) or n2 = 1
), counted as (
  select *, count(*) over (partition by route, key) as n3 from after_campaign
)
select key as impression_id, exchange, auction_id, imp_id, bid_id,
  case when n0 = 1 then 'AUCTION' when n1 = 1 then 'BID_ID' when n2 = 1 then 'CREATIVE' when n3 = 1 then 'CAMPAIGN' else 'PRICE' end as match_method,
  make_timestamp(moment) as bid_time, make_timestamp(imp_at) as impression_time,
  cast(floor((imp_at - moment) / 1000) as bigint) as bid_to_imp_ms, price as bid_cpm_micros, clearing as clearing_cpm_micros,
  currency, campaign_id, creative_id, not test as billable
from counted
qualify row_number() over (partition by route, key order by price desc, bid_id) = 1;
