-- Who helps and who finishes: assists and last touches of each campaign.
-- A campaign assists a conversion that it touched and did not finish (A9); the
-- ratio is above one for campaigns that open the way.
SELECT campaign_id, sum(assists) AS assists, sum(conv_ct + conv_vt) AS last_touches,
  round(sum(assists) / nullif(sum(conv_ct + conv_vt), 0), 4) AS assists_per_last_touch
FROM agg_campaign_minute_current
WHERE campaign_id <> ''
GROUP BY 1
HAVING sum(assists) + sum(conv_ct + conv_vt) > 0
ORDER BY 1
