-- fact_conversions and the last_touch rows of fact_attributions: which orders are
-- repeated (D4), what adjustments made of a value (C2), which touch is the last
-- one (A1 to A4, A7), and whether the conversion counts (C1). Under last_touch
-- the last eligible click wins whatever the path set, so the other models and
-- the path are left out.

create table conversion_facts as
select s.route, r.id, r.id || s.suffix as key, s.moment, s.ingest, s.late, r.user_id, r.test, r.kind, r.order_id, r.campaign_id as declared,
  r.click_id, r.impression_id, r.value, coalesce(r.said_currency, 'USD') as currency, coalesce(r.quantity, 1) as quantity,
  coalesce(r.advertiser_id, k.advertiser_id) as advertiser_id, k.scope
from standing s
join read_conversions r using (topic, part, off, line)
left join campaigns k on k.campaign_id = r.campaign_id
where s.kind = 'conversion' and s.class = 'fact';

-- D4, R-D4: within 90 days of the first the same order of an advertiser is a
-- duplicate.
create table repeated_orders as
with recursive ordered as (
  select route, key, moment, coalesce(advertiser_id, '') as advertiser, kind, order_id,
    row_number() over (partition by route, coalesce(advertiser_id, ''), kind, order_id order by moment, key) as n
  from conversion_facts where order_id is not null
), walk as (
  select *, moment as winner, false as repeated from ordered where n = 1
  union all
  select o.*, case when o.moment - w.winner <= 7776000000000 then w.winner else o.moment end, o.moment - w.winner <= 7776000000000
  from walk w join ordered o using (route, advertiser, kind, order_id) where o.n = w.n + 1
)
select route, key from walk where repeated;

-- C2: an adjustment goes to the latest original at or before it, at most 90 days
-- older; of several the largest (time, RETRACT after RESTATE, fingerprint) decides.
create table adjustments as
with facts as (
  select s.route, r.user_id, s.moment, r.wire_id, r.order_id, r.kind, r.adjustment, r.value, r.print, s.topic, s.part, s.off, s.line
  from standing s join read_conversions r using (topic, part, off, line)
  where s.kind = 'adjustment' and s.class = 'fact'
), offers as (
  select a.*, c.route as original_route, c.key as original, c.moment as original_at
  from facts a left join conversion_facts c
    on (c.route = a.route or a.user_id is null) and c.moment <= a.moment
    and case when a.wire_id is not null then c.id = a.wire_id else c.kind = a.kind and c.order_id = a.order_id end
    and not exists (from repeated_orders o where o.route = c.route and o.key = c.key)
  -- Of each timeline the latest.
  qualify row_number() over (partition by a.topic, a.part, a.off, a.line, c.route order by c.moment desc, c.key desc) = 1
), originals as (
  -- R-R3.8.
  select * from offers
  qualify row_number() over (partition by topic, part, off, line order by moment - original_at > 7776000000000,
    not starts_with(original_route, 'user '), original_at, original, original_route) = 1
)
select *, case when original is null then 'ADJUST_ORPHAN' when moment - original_at > 7776000000000 then 'ADJUST_TOO_OLD' end as refused
from originals;

insert into sql_rejected select topic, part, off, line, refused from adjustments where refused is not null;

create table adjusted_conversions as
select c.*, a.adjustment, o.key is not null as repeated,
  case a.adjustment when 'RETRACT' then 0 when 'RESTATE' then coalesce(a.value, 0) else coalesce(c.value, 0) end as amount
from conversion_facts c
left join (
  from adjustments where refused is null
  qualify row_number() over (partition by original_route, original order by moment desc, adjustment = 'RETRACT' desc, left(print, 16) desc) = 1
) a on a.original_route = c.route and a.original = c.key
left join repeated_orders o on o.route = c.route and o.key = c.key;

-- A1: which touches compete.
create table scoped_conversions as
select *,
  case when coalesce(scope, 'advertiser') = 'advertiser' and advertiser_id is not null then 'advertiser'
    when coalesce(scope, 'campaign') = 'campaign' and declared is not null then 'campaign'
    else 'account' end as compete
from adjusted_conversions where not repeated;

-- Where a conversion looks for touches: its own timeline, or, without a user,
-- those that hold what it names (R-R3.6): the click first, of any validity, else
-- the impression.
create table timelines as
with naming as (
  select c.route, c.key, k.timeline, starts_with(k.timeline, 'user ') as of_user, 1 as step, k.moment as parent_at, k.key as parent, c.moment
  from scoped_conversions c join clicks k on k.id = c.click_id
  left join campaigns s on s.campaign_id = k.campaign_id
  where c.user_id is null and c.moment - k.moment between -60000000 and coalesce(s.click_through, 2592000000000)
  union all
  select c.route, c.key, i.route, starts_with(i.route, 'user '), 2, i.moment, i.key, c.moment
  from scoped_conversions c join impressions i on i.id = c.impression_id
  left join campaigns s on s.campaign_id = i.campaign_id
  where c.user_id is null and c.ingest - c.moment <= 172800000000
    and c.moment - i.moment between -60000000 and coalesce(s.view_through, 86400000000)
), offers as (
  from naming qualify row_number() over (partition by route, key, timeline order by step,
    parent_at > moment + 2000000, case when parent_at > moment + 2000000 then parent_at else -parent_at end, parent desc) = 1
)
select route, key, route as timeline, 1 as rank from scoped_conversions where user_id is not null
union all
select route, key, timeline, row_number() over (partition by route, key order by not of_user, step, parent_at, parent, timeline) from offers;

-- A2, A4: every touch of a timeline inside its window; the named click may be up
-- to a minute younger than the conversion.
create table click_touches as
with named as (
  select c.route, c.key, t.timeline, k.route as click_route, k.key as click
  from scoped_conversions c join timelines t using (route, key)
  join clicks k on k.timeline = t.timeline and k.id = c.click_id
  left join campaigns s on s.campaign_id = k.campaign_id
  where c.moment - k.moment between -60000000 and coalesce(s.click_through, 2592000000000)
  qualify row_number() over (partition by c.route, c.key, t.timeline
    order by k.moment > c.moment + 2000000, case when k.moment > c.moment + 2000000 then k.moment else -k.moment end, k.key desc) = 1
)
select c.route, c.key, t.timeline, t.rank, k.route as touch_route, k.key as touch, k.moment as touch_at, k.campaign_id, n.click is not null as named,
  coalesce(s.click_through, 2592000000000) as touch_window
from scoped_conversions c
join timelines t using (route, key)
join clicks k on k.timeline = t.timeline
left join campaigns s on s.campaign_id = k.campaign_id
left join named n on n.route = c.route and n.key = c.key and n.timeline = t.timeline and n.click = k.key and n.click_route = k.route
where k.codes = '' and coalesce(s.click_through, 2592000000000) > 0 and c.ingest - c.moment <= 3024000000000
  and c.moment - k.moment <= coalesce(s.click_through, 2592000000000) and (c.moment >= k.moment or n.click is not null)
  and case c.compete when 'advertiser' then k.advertiser_id = c.advertiser_id when 'campaign' then k.campaign_id = c.declared else true end;

-- V1, V2, T6: views matter only where no click is eligible; a view that was
-- measured and not seen never qualifies where its campaign asks for that.
create table view_touches as
with named as (
  select c.route, c.key, t.timeline, i.key as view
  from scoped_conversions c join timelines t using (route, key)
  join impressions i on i.route = t.timeline and i.id = c.impression_id
  left join campaigns s on s.campaign_id = i.campaign_id
  where c.moment - i.moment between 0 and coalesce(s.view_through, 86400000000)
  qualify row_number() over (partition by c.route, c.key, t.timeline order by i.moment desc, i.key desc) = 1
)
select c.route, c.key, t.timeline, t.rank, i.route as touch_route, i.key as touch, i.moment as touch_at, i.campaign_id, n.view is not null as named,
  coalesce(s.view_through, 86400000000) as touch_window
from scoped_conversions c
join timelines t using (route, key)
join impressions i on i.route = t.timeline
left join campaigns s on s.campaign_id = i.campaign_id
left join named n on n.route = c.route and n.key = c.key and n.timeline = t.timeline and n.view = i.key
where not i.test and coalesce(s.view_through, 86400000000) > 0 and c.ingest - c.moment <= 172800000000
  and c.moment - i.moment between 0 and coalesce(s.view_through, 86400000000)
  and not (coalesce(s.vt_requires_viewable, false) and i.viewable is false)
  and case c.compete when 'advertiser' then i.advertiser_id = c.advertiser_id when 'campaign' then i.campaign_id = c.declared else true end;

-- A timeline without an eligible touch makes no offer, so the first one that has
-- any keeps the conversion (R-R3.6, R-R3.7).
create table last_touches as
with every as (
  select *, 'CLICK' as kind from click_touches
  union all
  select *, 'VIEW' from view_touches
)
select * from every
qualify row_number() over (partition by route, key order by rank, kind = 'CLICK' desc, named desc, touch_at desc, touch desc) = 1;

-- C1: ONE counts the first conversion of its type on one last touch. The mode is
-- the declared campaign's, else the last touch's, else that of the type.
create table conversions as
with reasons as (
  select c.*, t.kind as touch_kind, t.touch_route, t.touch, t.touch_at, t.campaign_id as last_campaign, t.named, t.touch_window,
    case when c.test then 'TEST_TRAFFIC' when c.repeated then 'DUP_ORDER' when c.adjustment = 'RETRACT' then 'RETRACTED' end as early,
    coalesce(json_extract_string(d.count_modes, '$.' || c.kind), json_extract_string(l.count_modes, '$.' || c.kind),
      case when c.kind in ('sign_up', 'lead', 'install', 'page_view') then 'ONE' else 'EVERY' end) as mode
  from adjusted_conversions c
  left join last_touches t on t.route = c.route and t.key = c.key
  left join campaigns d on d.campaign_id = c.declared
  left join campaigns l on l.campaign_id = t.campaign_id
)
select *, coalesce(early, case when touch is not null and mode = 'ONE' and row_number() over (
    partition by early is null, touch_route, touch_kind, touch, kind order by moment, key, user_id is null) > 1 then 'COUNT_ONE' end) as reason
from reasons;

create table sql_fact_conversions as
select key as conversion_id, make_timestamp(moment) as event_time, user_key_of(user_id) as user_key, kind as conversion_type, order_id,
  amount as value_micros, coalesce(value, 0) as original_value_micros, quantity, currency, declared as declared_campaign_id, advertiser_id,
  click_id, impression_id, case adjustment when 'RESTATE' then 'RESTATED' when 'RETRACT' then 'RETRACTED' else 'NONE' end as adjustment_state,
  reason is null as counted, reason as count_reason, coalesce(touch_kind, 'NONE') as touch_kind, last_campaign as last_touch_campaign_id,
  case when touch_kind = 'CLICK' then cast(floor((moment - touch_at) / 1000000) as bigint) end as click_to_conv_s, not test as valid, late
from conversions;

create table sql_fact_attributions as
select key as conversion_id, coalesce(touch, '') as touch_id, coalesce(touch_kind, 'NONE') as touch_kind, make_timestamp(touch_at) as touch_time,
  last_campaign as campaign_id, case when touch is null then 0 else 1000000 end as credit_ppm,
  case when touch is null then 0 else amount end as credited_value_micros, currency, make_timestamp(moment) as conversion_time, kind as conversion_type,
  case when touch is null then 'NONE' when not named then 'USER' when touch_kind = 'CLICK' then 'CLICK_ID' else 'IMPRESSION_ID' end as match_method,
  reason is null as counted,
  case when touch is not null then null when repeated then 'DUP_ORDER'
    when user_id is null and click_id is null and impression_id is null then 'NO_KEYS' else 'NO_TOUCH' end as reason
from conversions;
