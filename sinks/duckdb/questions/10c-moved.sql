-- How much has a day moved since it was first loaded?
-- The first version of each group of a day against the one that holds now: late
-- events, corrections and restated conversions. A group that came later moves by
-- all it has.
WITH versions AS (
  SELECT *, row_number() OVER w AS first, row_number() OVER (PARTITION BY bucket_start, campaign_id, creative_id, exchange, country, device_type, currency
      ORDER BY row_version DESC) AS last
  FROM agg_campaign_minute
  WINDOW w AS (PARTITION BY bucket_start, campaign_id, creative_id, exchange, country, device_type, currency ORDER BY row_version)
)
SELECT CAST(bucket_start AS DATE) AS day, count(*) FILTER (first = 1) AS "groups", count(*) FILTER (first = 1 AND last > 1) AS corrected,
  sum(impressions_net) FILTER (first = 1) AS impressions_first,
  coalesce(sum(impressions_net) FILTER (last = 1 AND op <> 'D'), 0) AS impressions_now,
  sum(clicks_net) FILTER (first = 1) AS clicks_first, coalesce(sum(clicks_net) FILTER (last = 1 AND op <> 'D'), 0) AS clicks_now,
  sum(conv_ct) FILTER (first = 1) AS conversions_first, coalesce(sum(conv_ct) FILTER (last = 1 AND op <> 'D'), 0) AS conversions_now
FROM versions
GROUP BY 1
ORDER BY 1
