-- Do the partners count what we count?
-- Net impressions and clicks of a UTC day and campaign against the partner's own
-- (table discrepancy_daily, or --partner FILE), the difference in percent of
-- ours, and an alert beyond the tolerance of 10 %.
WITH ours AS (
  SELECT CAST(bucket_start AS DATE) AS day, campaign_id, sum(impressions_net) AS impressions, sum(clicks_net) AS clicks
  FROM agg_campaign_minute_current GROUP BY 1, 2
), theirs AS (
  SELECT CAST("date" AS DATE) AS day, campaign_id, partner, impressions, clicks FROM discrepancy_daily
)
SELECT t.day, t.campaign_id, t.partner, coalesce(o.impressions, 0) AS impressions, t.impressions AS their_impressions,
  round(100 * (o.impressions - t.impressions) / nullif(o.impressions, 0), 4) AS impressions_pct,
  coalesce(o.clicks, 0) AS clicks, t.clicks AS their_clicks,
  round(100 * (o.clicks - t.clicks) / nullif(o.clicks, 0), 4) AS clicks_pct,
  coalesce(abs(o.impressions - t.impressions) > 0.1 * o.impressions OR abs(o.clicks - t.clicks) > 0.1 * o.clicks, true) AS alert
FROM theirs t LEFT JOIN ours o ON o.day = t.day AND o.campaign_id = t.campaign_id
ORDER BY 1, 2, 3
