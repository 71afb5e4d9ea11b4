-- Reach and frequency of each campaign and week.
-- Exact: distinct users with a valid impression, and impressions with a user for
-- each of them. Weeks begin on Monday, in UTC.
SELECT campaign_id, CAST(date_trunc('week', event_time) AS DATE) AS week,
  count(DISTINCT user_key) AS reach, count(*) AS impressions, round(count(*) / count(DISTINCT user_key), 4) AS frequency
FROM fact_impressions_current
WHERE valid AND user_key IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2
