-- Conversion rate by exposure: does the fifth impression still sell?
-- The impressions of a user for a campaign are numbered in time, ten and more
-- together. A conversion belongs to the impression that is its last touch, or that
-- its last click was on; counted conversions under last_touch.
WITH exposures AS (
  SELECT route, impression_id, campaign_id,
    least(row_number() OVER (PARTITION BY user_key, campaign_id ORDER BY event_time, impression_id), 10) AS exposure
  FROM fact_impressions_current WHERE valid AND user_key IS NOT NULL
), converted AS (
  SELECT a.route, coalesce(k.impression_id, a.touch_id) AS impression_id, count(*) AS conversions
  FROM fact_attributions_current a
  LEFT JOIN fact_clicks_current k ON a.touch_kind = 'CLICK' AND k.route = a.route AND k.click_id = a.touch_id AND k.match_status = 'MATCHED'
  WHERE a.model = 'last_touch' AND a.counted AND a.touch_id <> ''
  GROUP BY 1, 2
)
SELECT e.campaign_id, e.exposure, count(*) AS impressions, coalesce(sum(c.conversions), 0) AS conversions,
  round(coalesce(sum(c.conversions), 0) / count(*), 6) AS cvr
FROM exposures e LEFT JOIN converted c USING (route, impression_id)
GROUP BY 1, 2
ORDER BY 1, 2
