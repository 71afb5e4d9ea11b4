-- What each record is: rejected by its time (T1, T2), the fact of its id, its
-- natural duplicate, or another content under the same id (D1 to D3). All kinds
-- at once, because the rule is one; an adjustment's identity is its own
-- fingerprint (C2).

create table arrivals as
with every as (
  select 'impression' as kind, route, id as identity, topic, part, off, line, ingest, repaired, print,
    172800000000 as horizon, 86400000000 as same_id from read_impressions where not unusable
  union all
  select 'click', route, id, topic, part, off, line, ingest, repaired, print, 172800000000, 86400000000 from read_clicks where not unusable
  union all
  select case when adjustment = 'NEW' then 'conversion' else 'adjustment' end, route,
    case when adjustment = 'NEW' then id else left(print, 16) end, topic, part, off, line, ingest, repaired, print,
    3024000000000, 7776000000000 from read_conversions where not unusable
  union all
  select 'bid', route, exchange || ' ' || auction_id, topic, part, off, 0, ingest, moment, print, 7200000000, 3600000000 from read_bids
)
select *,
  -- T1: a little ahead is clamped, far ahead refused. T2: too late is refused.
  case when repaired - ingest > 300000000 then ingest else repaired end as moment,
  case when repaired - ingest > 86400000000 then 'TIME_FUTURE'
    when repaired - ingest <= 300000000 and ingest - repaired > horizon then 'TOO_LATE' end as refused
from every;

-- D1's order, and D3's walk: whatever lies within the horizon of a fact belongs
-- to it, the first record beyond begins the next one.
create table standing as
with recursive ordered as (
  select *, row_number() over (partition by kind, route, identity
      order by moment, left(print, 16), topic, part, off, line) as n
  from arrivals where refused is null
), walk as (
  select kind, route, identity, n, moment as fact_at from ordered where n = 1
  union all
  select o.kind, o.route, o.identity, o.n, case when o.moment - w.fact_at > o.same_id then o.moment else w.fact_at end
  from walk w join ordered o on o.kind = w.kind and o.route = w.route and o.identity = w.identity and o.n = w.n + 1
), placed as (
  select o.*, w.fact_at,
    row_number() over (partition by o.kind, o.route, o.identity, w.fact_at order by o.n) as place,
    row_number() over (partition by o.kind, o.route, o.identity, w.fact_at, left(o.print, 16) order by o.n) as seen,
    min(o.moment) over (partition by o.kind, o.route, o.identity) as first_at
  from ordered o join walk w using (kind, route, identity, n)
)
select kind, route, topic, part, off, line, ingest, moment,
  case when place = 1 then 'fact' when seen > 1 then 'dup_exact' else 'conflict' end as class,
  -- D3: a later fact of the same id says so in its key.
  case when fact_at > first_at then '@' || fact_at else '' end as suffix,
  ingest - moment > 600000000 as late
from placed;

-- T2, T1, D2 and everything that could not be read, by position.
create table sql_rejected as
select topic, part as "partition", off as "offset", line, refused as reason from arrivals where refused is not null and kind <> 'bid'
union all
select topic, part, off, line, 'DUP_ID_CONFLICT' from standing where class = 'conflict' and kind <> 'bid'
union all
select topic, part, off, line, 'UNUSABLE' from (
  select topic, part, off, line, unusable from read_impressions
  union all select topic, part, off, line, unusable from read_clicks
  union all select topic, part, off, line, unusable from read_conversions
) where unusable
union all
-- N15: a record with nothing in it is one reject at line 0.
select topic, part, off, 0, 'UNUSABLE' from records r
where topic in ('clicks', 'conversions', 'clicks_conversions')
  and not exists (from lines l where l.topic = r.topic and l.part = r.part and l.off = r.off);
