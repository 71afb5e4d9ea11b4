-- How much of a day is orphaned or late?
-- Clicks of each UTC day by the way they found their impression, each with its
-- share of the day's clicks and the share that arrived more than ten minutes
-- late.
SELECT event_date AS day, match_method, count(*) AS clicks,
  round(count(*) / sum(count(*)) OVER (PARTITION BY event_date), 4) AS share,
  round(count(*) FILTER (late) / count(*), 4) AS late_share
FROM fact_clicks_current
GROUP BY 1, 2
ORDER BY 1, 2
