"""Computes the golden vectors of fingerprint_test.go from the rule alone:
the first 16 bytes of SHA-256 over each present field as name, zero byte,
4-byte big-endian length, UTF-8 value. Run: python3 fingerprint.py"""
import hashlib
import struct


def print_of(fields):
    text = b""
    for name, value in fields:
        value = value.encode()
        text += name.encode() + b"\0" + struct.pack(">I", len(value)) + value
    return hashlib.sha256(text).digest()[:16].hex()


vectors = {
    "impression minimal": [("timestamp", "2025-11-23 10:00:00"), ("creative_id", "cr-1")],
    "impression full": [
        ("impression_id", "imp-1"), ("timestamp", "1763892000123.5"), ("user_id", "u-1"), ("creative_id", "cr-1"),
        ("campaign_id", "camp-1"), ("website", "news.example/a/b"), ("app_bundle", "com.x"), ("placement_id", "top"),
        ("exchange", "adx"), ("line_item_id", "li"), ("advertiser_id", "adv"), ("deal_id", "d1"), ("auction_id", "auc"),
        ("imp_id", "2"), ("bid_id", "b1"), ("price_cpm_micros", "2100000"), ("currency", "EUR"), ("price_type", "bid"),
        ("quantity", "1500000"), ("ad_format", "unknown"), ("width", "300"), ("height", "0"), ("measurable", "true"),
        ("viewable", "false"), ("in_view_ms", "0"), ("user_agent", "Müller/1.0"), ("ip", "203.0.113.7"),
        ("device_type", "0"), ("os", "ios"), ("browser", "safari"), ("country", "DEU"), ("region", "BE"),
        ("utc_offset_min", "-330"), ("is_prefetch", "false"), ("is_test", "true"), ("gdpr", "1"), ("consent", "CP"),
        ("gpp", "g"), ("us_privacy", "1---"),
    ],
    "impression identity": [
        ("user_id", "u-1"), ("creative_id", "cr-1"), ("website", "news.example/a/b"), ("timestamp", "1763892000123.5"),
    ],
    "click": [
        ("event_timestamp", "2025-11-23T10:00:09Z"), ("user_id", "u-1"), ("campaign_id", "camp-1"), ("creative_id", "cr-1"),
        ("click_id", "c-1"), ("impression_id", "imp-1"), ("exchange", "adx"), ("auction_id", "auc"), ("imp_id", "2"),
        ("bid_id", "b1"), ("conversion_type", "click"), ("website", "news.example/a"), ("landing_url", "shop.example"),
        ("user_agent", "ua"), ("ip", "203.0.113.7"), ("country", "DEU"), ("device_type", "4"), ("os", "ios"),
        ("click_x", "0"), ("click_y", "17"), ("is_test", "false"), ("gdpr", "0"), ("consent", "CP"),
    ],
    "conversion": [
        ("event_timestamp", "2025-11-23T10:20:00Z"), ("user_id", "u-1"), ("campaign_id", "camp-1"),
        ("conversion_type", "purchase"), ("conversion_id", "v-1"), ("order_id", "o-1"), ("click_id", "c-1"),
        ("impression_id", "imp-1"), ("advertiser_id", "adv"), ("value_micros", "-40000000"), ("currency", "EUR"),
        ("quantity", "3"), ("adjustment", "RESTATE"), ("user_agent", "ua"), ("ip", "203.0.113.7"), ("country", "DEU"),
        ("device_type", "4"), ("is_test", "true"), ("gdpr", "1"), ("consent", "CP"),
    ],
    "bid minimal": [
        ("auction_id", "a1"), ("timestamp", "1763892000123"), ("imps.1.imp_id", "7"),
    ],
    "bid full": [
        ("auction_id", "auc"), ("exchange", "adx"), ("source_tid", "tid"), ("timestamp", "1763892000123456"),
        ("auction_type", "1"), ("tmax_ms", "120"), ("test", "true"), ("user_id", "u-1"), ("exchange_user_id", "x-1"),
        ("user_id_type", "device"), ("ifa", "ifa-9"), ("lmt", "true"), ("dnt", "true"), ("ip", "203.0.113.7"),
        ("user_agent", "ua"), ("country", "DEU"), ("region", "BE"), ("city", "Berlin"), ("utc_offset_min", "60"),
        ("device_type", "4"), ("os", "ios"), ("browser", "safari"), ("language", "de"), ("gdpr", "0"), ("consent", "CP"),
        ("gpp", "g"), ("us_privacy", "1---"), ("coppa", "true"), ("site_domain", "news.example"),
        ("page_url", "https://news.example/a?b"), ("app_bundle", "com.x"), ("publisher_id", "p-1"),
        ("site_cat", "IAB1|IAB2"), ("no_bid_reason", "8"), ("sample_permille", "500"),
        ("imps.0.imp_id", "1"), ("imps.0.placement_id", "top"), ("imps.0.ad_format", "video"), ("imps.0.w", "640"),
        ("imps.0.h", "480"), ("imps.0.position", "1"), ("imps.0.bidfloor_cpm_micros", "500000"),
        ("imps.0.bidfloor_currency", "EUR"), ("imps.0.interstitial", "true"), ("imps.0.rewarded", "true"),
        ("imps.0.exp_s", "30"), ("imps.0.deal_ids", "d1|d2"),
        ("bids.0.bid_id", "b1"), ("bids.0.bidid", "r1"), ("bids.0.imp_id", "1"), ("bids.0.campaign_id", "camp-1"),
        ("bids.0.line_item_id", "li"), ("bids.0.creative_id", "cr-1"), ("bids.0.advertiser_id", "adv"),
        ("bids.0.price_cpm_micros", "0"), ("bids.0.currency", "EUR"), ("bids.0.deal_id", "d1"), ("bids.0.loss_code", "0"),
        ("bids.0.min_to_win_cpm_micros", "2600000"),
        ("targeting.age", "25-34"), ("targeting.geo", "de|at"),
    ],
}
for name, fields in vectors.items():
    print(name, print_of(fields))
