-- Which campaigns run ahead of their budget, and which behind?
-- Spend so far against the share of the budget that the elapsed share of the
-- flight allows, and what the flight would end at. "Now" is the newest minute of
-- the data. Spend in the campaign's currency; in another it is not counted. The
-- largest gap comes first.
WITH clock AS (
  SELECT max(bucket_start) AS now FROM agg_campaign_minute_current
), flights AS (
  SELECT d.*, least(greatest(epoch(least(now, flight_end) - flight_start) / epoch(flight_end - flight_start), 0), 1) AS elapsed
  FROM dim_campaign d, clock
  WHERE d.budget_micros > 0 AND d.flight_end > d.flight_start AND d.valid_from <= now
  QUALIFY row_number() OVER (PARTITION BY campaign_id ORDER BY valid_from DESC) = 1
), spent AS (
  SELECT campaign_id, currency, sum(spend_nanos) / 1e9 AS spend FROM agg_campaign_minute_current GROUP BY 1, 2
)
SELECT f.campaign_id, coalesce(f.currency, 'USD') AS currency, f.budget_micros / 1e6 AS budget, coalesce(s.spend, 0) AS spend,
  round(f.elapsed, 6) AS elapsed, round(f.budget_micros / 1e6 * f.elapsed, 6) AS allowed,
  round(coalesce(s.spend, 0) - f.budget_micros / 1e6 * f.elapsed, 6) AS gap,
  round(coalesce(s.spend, 0) / nullif(f.elapsed, 0), 6) AS projected
FROM flights f LEFT JOIN spent s ON s.campaign_id = f.campaign_id AND s.currency = coalesce(f.currency, 'USD')
ORDER BY abs(gap) DESC, f.campaign_id
