-- Which sites burn money?
-- Sites and apps by spend, with invalid traffic, viewability and CPA. `burns`
-- marks those that cost more than one unit of their currency and sold nothing.
SELECT coalesce(nullif(site_domain, ''), app_bundle) AS site, currency,
  sum(spend_nanos) / 1e9 AS spend, sum(impressions_net) AS impressions, sum(clicks_net) AS clicks, sum(conv_ct + conv_vt) AS conversions,
  round(sum(impressions_givt + impressions_sivt) / nullif(sum(impressions_gross), 0), 6) AS ivt_rate,
  round(sum(viewable) / nullif(sum(measurable), 0), 6) AS viewability,
  round(sum(spend_nanos) / 1e9 / nullif(sum(conv_ct), 0), 6) AS cpa,
  sum(conv_ct + conv_vt) = 0 AND sum(spend_nanos) > 1000000000 AS burns
FROM agg_site_day_current
GROUP BY 1, 2
ORDER BY spend DESC, site
