-- How do the attribution models disagree?
-- Conversions and revenue that each model credits to each campaign, side by side.
-- Over all campaigns every model gives the same, so a difference is a shift
-- between campaigns. Counted conversions alone.
SELECT campaign_id, currency,
  sum(credit_ppm) FILTER (model = 'last_touch') / 1e6 AS conv_last_touch,
  sum(credit_ppm) FILTER (model = 'first_touch') / 1e6 AS conv_first_touch,
  sum(credit_ppm) FILTER (model = 'linear') / 1e6 AS conv_linear,
  sum(credit_ppm) FILTER (model = 'time_decay') / 1e6 AS conv_time_decay,
  sum(credit_ppm) FILTER (model = 'position_based') / 1e6 AS conv_position_based,
  sum(credited_value_micros) FILTER (model = 'last_touch') / 1e6 AS value_last_touch,
  sum(credited_value_micros) FILTER (model = 'first_touch') / 1e6 AS value_first_touch,
  sum(credited_value_micros) FILTER (model = 'linear') / 1e6 AS value_linear,
  sum(credited_value_micros) FILTER (model = 'time_decay') / 1e6 AS value_time_decay,
  sum(credited_value_micros) FILTER (model = 'position_based') / 1e6 AS value_position_based
FROM fact_attributions_current
WHERE counted AND touch_id <> ''
GROUP BY ALL
ORDER BY campaign_id, currency
