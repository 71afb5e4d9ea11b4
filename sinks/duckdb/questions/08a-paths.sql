-- Which paths lead to a conversion?
-- The campaigns of a path in order, with how often it converted, what that was
-- worth and how many touches it has. Counted conversions.
WITH paths AS (
  SELECT route, conversion_id, string_agg(campaign_id, ' > ' ORDER BY position) AS path, max(path_len) AS touches
  FROM fact_attributions_current
  WHERE model = 'linear' AND counted AND touch_id <> ''
  GROUP BY 1, 2
)
SELECT p.path, p.touches, count(*) AS conversions, c.currency, sum(c.value_micros) / 1e6 AS value
FROM paths p JOIN fact_conversions_current c USING (route, conversion_id)
GROUP BY 1, 2, 4
ORDER BY conversions DESC, value DESC, path
