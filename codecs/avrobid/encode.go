package avrobid

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

// AppendBid appends a bid as a bare datum of Schema. Its EventTime is the
// timestamp; source_tid, exchange_user_id and language, which a Bid does not
// keep, are written empty.
func AppendBid(b []byte, e *event.Bid) []byte {
	b = appendString(b, e.AuctionID)
	b = appendString(b, e.Exchange)
	b = append(b, 0) // source_tid is null
	b = appendLong(b, int64(e.EventTime))
	b = appendLong(b, int64(e.AuctionType))
	b = appendLong(b, int64(e.TimeoutMS))
	b = appendBoolean(b, e.Test)
	b = appendUser(b, e)
	b = appendString(b, e.SiteDomain)
	b = appendString(b, e.PageURL)
	b = appendString(b, e.AppBundle)
	b = appendString(b, e.Publisher)
	b = appendStrings(b, e.SiteCategories)
	b = appendCount(b, len(e.Imps))
	for i := range e.Imps {
		b = appendImp(b, &e.Imps[i])
	}
	b = append(b, 0)
	b = appendCount(b, len(e.Targeting))
	for i := range e.Targeting {
		b = appendString(appendString(b, e.Targeting[i].Key), e.Targeting[i].Value)
	}
	b = append(b, 0)
	b = appendCount(b, len(e.Offers))
	for i := range e.Offers {
		b = appendOffer(b, &e.Offers[i])
	}
	b = append(b, 0)
	b = appendNullable(b, int64(e.NoBidReason), -1)
	return appendLong(b, int64(e.SamplePermille))
}

func appendUser(b []byte, e *event.Bid) []byte {
	b = appendString(b, e.UserID)
	b = appendString(b, "") // exchange_user_id
	b = appendString(b, e.UserIDType)
	b = appendString(b, e.IFA)
	b = appendBoolean(b, e.LMT)
	b = appendBoolean(b, e.DNT)
	b = appendString(b, e.IP)
	b = appendString(b, e.UserAgent)
	b = appendString(b, e.Country)
	b = appendString(b, e.Region)
	b = appendString(b, e.City)
	b = appendLong(b, int64(e.UTCOffset))
	b = appendLong(b, int64(e.DeviceType))
	b = appendString(b, e.OS)
	b = appendString(b, e.Browser)
	b = appendString(b, "") // language
	switch e.GDPR {
	case event.False:
		b = appendNullable(b, 0, event.Absent)
	case event.True:
		b = appendNullable(b, 1, event.Absent)
	default:
		b = append(b, 0)
	}
	b = appendString(b, e.Consent)
	b = appendString(b, e.GPP)
	b = appendString(b, e.USPrivacy)
	return appendBoolean(b, e.COPPA)
}

func appendImp(b []byte, e *event.Imp) []byte {
	b = appendString(b, e.ID)
	b = appendString(b, e.PlacementID)
	b = appendString(b, e.AdFormat)
	b = appendLong(b, int64(e.Width))
	b = appendLong(b, int64(e.Height))
	b = appendLong(b, int64(e.Position))
	b = appendLong(b, e.FloorMicros)
	b = appendString(b, e.FloorCurrency)
	b = appendBoolean(b, e.Interstitial)
	b = appendBoolean(b, e.Rewarded)
	b = appendLong(b, int64(e.ExpirySeconds))
	return appendStrings(b, e.DealIDs)
}

func appendOffer(b []byte, e *event.Offer) []byte {
	b = appendString(b, e.BidID)
	b = appendString(b, e.ResponseID)
	b = appendString(b, e.ImpID)
	b = appendString(b, e.CampaignID)
	b = appendString(b, e.LineItemID)
	b = appendString(b, e.CreativeID)
	b = appendString(b, e.Advertiser)
	b = appendLong(b, e.PriceMicros)
	b = appendString(b, e.Currency)
	b = appendString(b, e.DealID)
	b = appendNullable(b, int64(e.LossCode), -1)
	return appendNullable(b, e.MinToWin, event.Absent)
}

// AppendRegistryHeader appends the framing of a datum whose schema has an id
// in a schema registry.
func AppendRegistryHeader(b []byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, registryMagic), id)
}

// AppendSingleObjectHeader appends the framing of a datum of Schema in the
// single-object encoding.
func AppendSingleObjectHeader(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(append(b, singleObjectMagic...), SchemaFingerprint)
}

// AppendContainerHeader appends the header of a container file of Schema
// without compression. sync separates its blocks.
func AppendContainerHeader(b []byte, sync [16]byte) []byte {
	b = append(b, containerMagic...)
	b = appendLong(b, 2)
	b = appendString(appendString(b, "avro.schema"), Schema)
	b = appendString(appendString(b, "avro.codec"), "null")
	b = append(b, 0)
	return append(b, sync[:]...)
}

// AppendContainerBlock appends a block of a container file: count data that
// were appended to data one after another.
func AppendContainerBlock(b []byte, sync [16]byte, count int, data []byte) []byte {
	b = appendLong(appendLong(b, int64(count)), int64(len(data)))
	return append(append(b, data...), sync[:]...)
}

func appendLong(b []byte, v int64) []byte {
	return binary.AppendUvarint(b, uint64(v)<<1^uint64(v>>63))
}

func appendString(b []byte, s string) []byte {
	return append(appendLong(b, int64(len(s))), s...)
}

func appendBoolean(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendNullable writes a ["null", T] union of a number.
func appendNullable(b []byte, v, absent int64) []byte {
	if v == absent {
		return append(b, 0)
	}
	return appendLong(append(b, 2), v)
}

// appendCount starts the only block of a list; an empty list has none.
func appendCount(b []byte, n int) []byte {
	if n == 0 {
		return b
	}
	return appendLong(b, int64(n))
}

func appendStrings(b []byte, list []string) []byte {
	b = appendCount(b, len(list))
	for _, s := range list {
		b = appendString(b, s)
	}
	return append(b, 0)
}
