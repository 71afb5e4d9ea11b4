package avrobid

// Schema is the schema of bid requests (events 1.6), the one whose data is
// decoded by hand. It is frozen: what it means never changes, and data written
// with another is read by that one's field names.
const Schema = `{"type":"record","name":"BidRequest","namespace":"advertisex.v1","fields":[
{"name":"auction_id","type":"string"},{"name":"exchange","type":"string","default":"default"},{"name":"source_tid","type":["null","string"],"default":null},
{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"auction_type","type":"int","default":2},{"name":"tmax_ms","type":"int","default":0},
{"name":"test","type":"boolean","default":false},
{"name":"user","type":{"type":"record","name":"UserInfo","fields":[
  {"name":"user_id","type":"string","default":""},{"name":"exchange_user_id","type":"string","default":""},{"name":"user_id_type","type":"string","default":"cookie"},
  {"name":"ifa","type":"string","default":""},{"name":"lmt","type":"boolean","default":false},{"name":"dnt","type":"boolean","default":false},{"name":"ip","type":"string","default":""},
  {"name":"user_agent","type":"string","default":""},{"name":"country","type":"string","default":""},{"name":"region","type":"string","default":""},
  {"name":"city","type":"string","default":""},{"name":"utc_offset_min","type":"int","default":0},{"name":"device_type","type":"int","default":0},{"name":"os","type":"string","default":""},
  {"name":"browser","type":"string","default":""},{"name":"language","type":"string","default":""},{"name":"gdpr","type":["null","int"],"default":null},
  {"name":"consent","type":"string","default":""},{"name":"gpp","type":"string","default":""},{"name":"us_privacy","type":"string","default":""},
  {"name":"coppa","type":"boolean","default":false}]}},
{"name":"site_domain","type":"string","default":""},{"name":"page_url","type":"string","default":""},{"name":"app_bundle","type":"string","default":""},
{"name":"publisher_id","type":"string","default":""},{"name":"site_cat","type":{"type":"array","items":"string"},"default":[]},
{"name":"imps","type":{"type":"array","items":{"type":"record","name":"Imp","fields":[
  {"name":"imp_id","type":"string"},{"name":"placement_id","type":"string","default":""},{"name":"ad_format","type":"string","default":"banner"},{"name":"w","type":"int","default":0},
  {"name":"h","type":"int","default":0},{"name":"position","type":"int","default":0},{"name":"bidfloor_cpm_micros","type":"long","default":0},
  {"name":"bidfloor_currency","type":"string","default":"USD"},{"name":"interstitial","type":"boolean","default":false},{"name":"rewarded","type":"boolean","default":false},
  {"name":"exp_s","type":"int","default":0},{"name":"deal_ids","type":{"type":"array","items":"string"},"default":[]}]}}},
{"name":"targeting","type":{"type":"map","values":"string"},"default":{}},
{"name":"bids","type":{"type":"array","items":{"type":"record","name":"Bid","fields":[
  {"name":"bid_id","type":"string"},{"name":"bidid","type":"string","default":""},{"name":"imp_id","type":"string"},{"name":"campaign_id","type":"string"},
  {"name":"line_item_id","type":"string","default":""},{"name":"creative_id","type":"string"},{"name":"advertiser_id","type":"string","default":""},{"name":"price_cpm_micros","type":"long"},
  {"name":"currency","type":"string","default":"USD"},{"name":"deal_id","type":"string","default":""},{"name":"loss_code","type":["null","int"],"default":null},
  {"name":"min_to_win_cpm_micros","type":["null","long"],"default":null}]}},"default":[]},
{"name":"no_bid_reason","type":["null","int"],"default":null},{"name":"sample_permille","type":"int","default":1000}]}`

// The CRC-64-AVRO fingerprints under which data of Schema arrives in the
// single-object encoding: of the canonical form that the Avro specification
// defines, and of the one hamba/avro makes, which keeps logicalType.
const (
	SchemaFingerprint      = 0x0c40f36d0e7698bb
	schemaFingerprintHamba = 0x109cc2c383bb39ab
)
