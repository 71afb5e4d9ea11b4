-- How long after the click do people convert?
-- Seconds at the median, the 90th and the 99th percentile (each a value that
-- occurs), and the share within an hour, a day and a week, of counted post-click
-- conversions by type.
SELECT conversion_type, count(*) AS conversions,
  quantile_disc(click_to_conv_s, 0.5) AS p50_s, quantile_disc(click_to_conv_s, 0.9) AS p90_s, quantile_disc(click_to_conv_s, 0.99) AS p99_s,
  round(count(*) FILTER (click_to_conv_s <= 3600) / count(*), 4) AS within_1h,
  round(count(*) FILTER (click_to_conv_s <= 86400) / count(*), 4) AS within_24h,
  round(count(*) FILTER (click_to_conv_s <= 604800) / count(*), 4) AS within_7d
FROM fact_conversions_current
WHERE counted AND touch_kind = 'CLICK'
GROUP BY 1
ORDER BY 1
