-- The funnel of each exchange: requests, bids, wins, viewable, clicks, conversions.
-- Each stage is counted by itself and then added up, so nothing fans out: a bid
-- with three clicks is one bid. What comes from the bid log is weighted by its
-- sampling (requests, bids, and wins by the weight of their bid). Test traffic and
-- invalid events are left out; conversions are counted ones under last_touch.
WITH requests AS (
  SELECT DISTINCT route, exchange, auction_id, sample_weight FROM fact_bids_current WHERE valid
), stages AS (
  SELECT exchange, 'requests' AS stage, sum(sample_weight) AS n FROM requests GROUP BY 1
  UNION ALL
  SELECT exchange, 'bids', sum(sample_weight) FROM fact_bids_current WHERE valid AND bid_id <> '' GROUP BY 1
  UNION ALL
  SELECT w.exchange, 'wins', sum(b.sample_weight)
  FROM fact_wins_current w
  JOIN fact_bids_current b USING (route, exchange, auction_id, imp_id, bid_id)
  WHERE w.billable AND b.valid GROUP BY 1
  UNION ALL
  SELECT exchange, 'impressions', sum(quantity_e6) / 1e6 FROM fact_impressions_current WHERE valid GROUP BY 1
  UNION ALL
  SELECT exchange, 'viewable', sum(quantity_e6) / 1e6 FROM fact_impressions_current WHERE valid AND viewable GROUP BY 1
  UNION ALL
  SELECT exchange, 'clicks', count(*) FROM fact_clicks_current WHERE valid GROUP BY 1
  UNION ALL
  SELECT exchange, 'conversions', count(*) FROM fact_attributions_current
  WHERE model = 'last_touch' AND counted AND touch_id <> '' GROUP BY 1
)
SELECT coalesce(exchange, '') AS exchange,
  coalesce(sum(n) FILTER (stage = 'requests'), 0) AS requests, coalesce(sum(n) FILTER (stage = 'bids'), 0) AS bids,
  coalesce(sum(n) FILTER (stage = 'wins'), 0) AS wins, coalesce(sum(n) FILTER (stage = 'impressions'), 0) AS impressions,
  coalesce(sum(n) FILTER (stage = 'viewable'), 0) AS viewable, coalesce(sum(n) FILTER (stage = 'clicks'), 0) AS clicks,
  coalesce(sum(n) FILTER (stage = 'conversions'), 0) AS conversions
FROM stages GROUP BY 1 ORDER BY 1
