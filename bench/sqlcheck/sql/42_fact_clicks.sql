-- fact_clicks: a click and the impression it is of. J2: the first step with a hit
-- wins; by id (1, 2) an impression of any validity nearest to the click, with J5's
-- clock tolerance; by user (3, 4) the latest valid one before it. J6 says why
-- there is none; R-D5, R-D6 and I3 which clicks do not count.

create table click_facts as
select s.route, r.id, r.id || s.suffix as key, s.moment, s.ingest, s.late, r.user_id, r.test,
  r.campaign_id as declared, r.creative_id, coalesce(r.campaign_id, c.campaign_id, 'unknown') as own, c.campaign_id as creatives_campaign,
  r.impression_id, r.exchange, r.auction_id, r.imp_id, r.site, r.landing_host, r.country, coalesce(r.said_device, 0) as device_type,
  s.ingest - s.moment > 172800000000 as too_late,
  r.user_id is not null and coalesce(r.campaign_id, c.campaign_id) is not null as has_user
from standing s
join read_clicks r using (topic, part, off, line)
left join creatives c on c.creative_id = r.creative_id
where s.kind = 'click' and s.class = 'fact';

-- Steps 1 and 2. A click sees the impressions of its own route; one without a
-- user sees those of every route (R3).
create table click_named as
with pairs as (
  select c.route, c.key, 1 as step, i.route as lender, i.key as parent, i.moment as parent_at, c.moment, i.campaign_id
  from click_facts c join impressions i on i.id = c.impression_id
  where not c.too_late and (i.route = c.route or c.user_id is null)
  union all
  select c.route, c.key, 2, i.route, i.key, i.moment, c.moment, i.campaign_id
  from click_facts c join impressions i on i.exchange = c.exchange and i.auction_id = c.auction_id and i.imp_id = c.imp_id
  where not c.too_late and (i.route = c.route or c.user_id is null)
), nearest as (
  select p.* from pairs p left join campaigns k using (campaign_id)
  where p.moment - p.parent_at between -60000000 and coalesce(k.click_join, 86400000000)
  -- The latest at or before click + 2 s, else the earliest after that; then the larger id.
  qualify row_number() over (partition by p.route, p.key, lender
    order by step, parent_at > p.moment + 2000000, case when parent_at > p.moment + 2000000 then parent_at else -parent_at end, parent desc) = 1
)
select route, key, step, lender, parent from nearest
qualify row_number() over (partition by route, key order by not starts_with(lender, 'user '), step, parent_at, parent, lender) = 1;

-- Steps 3 and 4.
create table click_guesses as
select c.route, c.key, i.key as parent, i.moment as parent_at, i.viewable, i.test as invalid,
  case when i.creative_id = c.creative_id then 3 else 4 end as step
from click_facts c
join impressions i on i.route = c.route and i.campaign_id = c.own
left join campaigns k on k.campaign_id = i.campaign_id
where not c.too_late and c.has_user and c.moment - i.moment between 0 and coalesce(k.click_join, 86400000000);

create table click_parents as
select route, key, step, lender, parent from click_named
union all
(select route, key, step, route, parent from click_guesses g
  where not invalid and not exists (from click_named n where n.route = g.route and n.key = g.key)
  qualify row_number() over (partition by route, key order by step, parent_at desc, viewable is true desc, parent desc) = 1);

create table joined_clicks as
select c.*, p.lender, p.step, i.moment as parent_at, p.parent,
  coalesce(i.campaign_id, c.own) as campaign_id, case when p.parent is null then c.creative_id else i.creative_id end as row_creative,
  case when p.parent is null then r.line_item_id else i.line_item_id end as line_item_id,
  case when p.parent is null then k.advertiser_id else i.advertiser_id end as advertiser_id,
  case when p.parent is null then c.site else i.site end as row_site,
  case when p.parent is null then c.exchange else i.exchange end as row_exchange,
  case when p.parent is null then c.country else i.country end as row_country,
  case when p.parent is null then c.device_type else i.device_type end as row_device,
  i.currency as parent_currency, coalesce(i.test, false) as parent_invalid,
  -- W: refractory period and cap are those of the click's computed campaign.
  coalesce(c.creatives_campaign, i.campaign_id, c.own) as computed,
  -- R-R3.4: a click without a user is a click of the timeline that keeps it.
  case when c.user_id is null then coalesce(p.lender, c.route) else c.route end as timeline
from click_facts c
left join click_parents p on p.route = c.route and p.key = c.key
left join impressions i on i.route = p.lender and i.key = p.parent
left join creatives r on r.creative_id = c.creative_id
left join campaigns k on k.campaign_id = c.own;

-- R-D5: a chain is walked from its first click; whatever is closer to the last
-- accepted one than the refractory period repeats it.
create table repeat_clicks as
with recursive ordered as (
  select j.route, j.key, j.timeline, j.moment, j.campaign_id, j.row_creative, coalesce(k.refractory, 30000000) as refractory,
    row_number() over (partition by j.timeline, j.campaign_id, j.row_creative order by j.moment, j.key, j.user_id is null) as n
  from joined_clicks j left join campaigns k on k.campaign_id = j.computed
), walk as (
  select *, moment as accepted, false as repeats from ordered where n = 1
  union all
  select o.*, case when o.moment - w.accepted < o.refractory then w.accepted else o.moment end, o.moment - w.accepted < o.refractory
  from walk w join ordered o on o.timeline = w.timeline and o.campaign_id = w.campaign_id
    and o.row_creative is not distinct from w.row_creative and o.n = w.n + 1
)
select route, key from walk where repeats;

create table clicks as
with capped as (
  select j.route, j.key from joined_clicks j left join campaigns k on k.campaign_id = j.computed
  where j.parent is not null and not exists (from repeat_clicks r where r.route = j.route and r.key = j.key)
  qualify coalesce(k.click_cap, 0) > 0 and row_number() over (partition by j.lender, j.parent order by j.moment, j.key, j.user_id is null) > k.click_cap
)
select j.*, concat_ws(',', case when j.test then 'TEST_TRAFFIC' end, case when r.key is not null then 'REPEAT_CLICK' end,
    case when x.key is not null then 'CLICK_CAP' end, case when j.parent_invalid then 'PARENT_IVT' end) as codes,
  case when j.step is null then case
      when j.too_late then 'LATE_FOR_JOIN'
      when j.impression_id is null and j.auction_id is null and not j.has_user then 'NO_KEYS'
      when exists (from click_guesses g where g.route = j.route and g.key = j.key) then 'PARENT_INVALID'
      else 'NO_PARENT' end end as reason,
  -- R-G2: a campaign that pays by click pays in its own currency.
  case when k.pricing = 'cpc' and k.currency is not null then k.currency else j.parent_currency end as currency,
  case when k.pricing = 'cpc' then k.rate_micros * 1000 else 0 end as rate_nanos
from joined_clicks j
left join repeat_clicks r on r.route = j.route and r.key = j.key
left join capped x on x.route = j.route and x.key = j.key
left join campaigns k on k.campaign_id = j.campaign_id;

create table sql_fact_clicks as
select key as click_id, make_timestamp(moment) as event_time, user_key_of(user_id) as user_key, campaign_id, declared as declared_campaign_id,
  row_creative as creative_id, coalesce(parent, impression_id) as impression_id, case when step is null then 'ORPHAN' else 'MATCHED' end as match_status,
  case step when 1 then 'ID' when 2 then 'AUCTION' when 3 then 'USER_CREATIVE' when 4 then 'USER_CAMPAIGN' else 'NONE' end as match_method,
  reason as orphan_reason, cast(floor((moment - parent_at) / 1000) as bigint) as imp_to_click_ms,
  codes = '' as valid, nullif(codes, '') as ivt_codes, case when codes = '' then rate_nanos else 0 end as cost_nanos, currency,
  line_item_id, advertiser_id, row_site as site_domain, row_exchange as exchange, nullif(row_device, 0) as device_type, row_country as country,
  landing_host, late
from clicks;
