-- Bid requests from the data that the Avro library read (events 1.6). Their
-- fingerprint here is over the whole datum: enough to tell a duplicate from a
-- conflict, not to order two conflicts of one instant, which no preset makes.

create table read_bids as
select topic, part, off, ingest,
  cast(datum->>'timestamp' as bigint) as moment, sha256(datum::varchar) as print,
  coalesce(id_of(datum->>'exchange'), 'default') as exchange, id_of(datum->>'auction_id') as auction_id,
  coalesce('user ' || coalesce(id_of(datum->>'$.user.user_id'), id_of(datum->>'$.user.exchange_user_id')),
    'auction ' || coalesce(id_of(datum->>'exchange'), 'default') || ' ' || id_of(datum->>'auction_id')) as route,
  coalesce(datum->>'app_bundle', '') as app_bundle, cast(datum->>'test' as boolean) as test,
  list_transform(cast(datum->'imps' as json[]), i -> {'imp_id': i->>'imp_id', 'exp_s': cast(i->>'exp_s' as bigint)}) as imps,
  list_transform(cast(datum->'bids' as json[]), b -> {
    'bid_id': b->>'bid_id', 'response_id': b->>'bidid', 'imp_id': b->>'imp_id',
    'campaign_id': id_of(b->>'campaign_id'), 'creative_id': id_of(b->>'creative_id'), 'price': cast(b->>'price_cpm_micros' as bigint)}) as offers
from (select * exclude (datum), cast(datum as json) as datum from bid_data)
-- NO_IMPS.
where json_array_length(datum->'imps') > 0 and id_of(datum->>'auction_id') is not null;
