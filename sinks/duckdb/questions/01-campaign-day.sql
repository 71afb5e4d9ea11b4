-- CTR, CVR, CPM, CPA and ROAS of each campaign and local day.
-- A day is the campaign's own (T5): minutes are put into the zone that the
-- campaign had then. Amounts are in the currency of the row; the last columns in
-- the reporting currency are NULL where no exchange rate is known. Conversions
-- are post-click, counted, under last_touch, booked at touch time.
WITH minutes AS (
  SELECT m.*, CAST(timezone(coalesce(d.tz, 'UTC'), timezone('UTC', m.bucket_start)) AS DATE) AS local_day
  FROM agg_campaign_minute_current m
  ASOF LEFT JOIN dim_campaign d ON d.campaign_id = m.campaign_id AND d.valid_from <= m.bucket_start
  WHERE m.campaign_id <> ''
)
SELECT campaign_id, local_day, currency,
  sum(impressions_net) AS impressions, sum(clicks_net) AS clicks, sum(conv_ct) AS conversions,
  round(sum(clicks_net) / nullif(sum(impressions_net), 0), 6) AS ctr,
  round(sum(conv_ct) / nullif(sum(clicks_net), 0), 6) AS cvr,
  sum(spend_nanos) / 1e9 AS spend,
  round(sum(spend_nanos) / 1e6 / nullif(sum(impressions_net), 0), 6) AS cpm,
  round(sum(spend_nanos) / 1e9 / nullif(sum(conv_ct), 0), 6) AS cpa,
  round(sum(value_ct_micros) * 1e3 / nullif(sum(spend_nanos), 0), 6) AS roas,
  sum(spend_rc_micros) / 1e6 AS spend_rc,
  round(sum(value_ct_rc_micros) / nullif(sum(spend_rc_micros), 0), 6) AS roas_rc
FROM minutes
GROUP BY ALL
ORDER BY campaign_id, local_day, currency
