-- The bid landscape: what does a higher bid buy?
-- Win rate, and the price paid for what was bid, by tenths of the bid price, by
-- placement and by hour of the day (UTC). left_on_table is what the winning bids
-- were above the least that would have won, in CPM, where the exchange says so.
WITH offers AS (
  SELECT b.*, w.impression_id, w.clearing_cpm_micros,
    ntile(10) OVER (ORDER BY b.bid_cpm_micros, b.exchange, b.auction_id, b.imp_id, b.bid_id) AS decile
  FROM fact_bids_current b
  LEFT JOIN fact_wins_current w USING (route, exchange, auction_id, imp_id, bid_id)
  WHERE b.valid AND b.bid_id <> ''
), grouped AS (
  SELECT CASE WHEN grouping(decile) = 0 THEN 'decile' WHEN grouping(placement_id) = 0 THEN 'placement' ELSE 'hour' END AS "by",
    coalesce(CAST(decile AS VARCHAR), placement_id, CAST(hour(event_time) AS VARCHAR)) AS value,
    count(*) AS bids, count(impression_id) AS wins,
    sum(clearing_cpm_micros) / nullif(sum(bid_cpm_micros) FILTER (clearing_cpm_micros IS NOT NULL), 0) AS clearing_to_bid,
    sum(bid_cpm_micros - min_to_win_cpm_micros) FILTER (impression_id IS NOT NULL AND min_to_win_cpm_micros IS NOT NULL) / 1e6 AS left_on_table
  FROM offers GROUP BY GROUPING SETS ((decile), (placement_id), (hour(event_time)))
)
SELECT "by", value, bids, wins, round(wins / bids, 4) AS win_rate, round(clearing_to_bid, 4) AS clearing_to_bid, left_on_table
FROM grouped
ORDER BY "by", try_cast(value AS INTEGER), value
