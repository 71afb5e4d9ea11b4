package gen

import "strconv"

// Appending by hand: rendering is the generator's hot path, and nothing below
// allocates once the buffer has grown.

const hexDigits = "0123456789abcdef"

func appendHex(b []byte, v uint64, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, hexDigits[v>>shift&15])
	}
	return b
}

// appendUUID writes the version 4 UUID that belongs to (seed, salt).
func appendUUID(b []byte, seed, salt uint64) []byte {
	hi, lo := derive(seed, salt), derive(seed, salt+1)
	hi = hi&^(0xf<<12) | 4<<12
	lo = lo&^(3<<62) | 2<<62
	var out [36]byte
	for i := range 8 {
		out[i] = hexDigits[hi>>(60-4*i)&15]
	}
	for i := range 4 {
		out[9+i] = hexDigits[hi>>(28-4*i)&15]
		out[14+i] = hexDigits[hi>>(12-4*i)&15]
		out[19+i] = hexDigits[lo>>(60-4*i)&15]
	}
	for i := range 12 {
		out[24+i] = hexDigits[lo>>(44-4*i)&15]
	}
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return append(b, out[:]...)
}

// appendPadded writes v with leading zeros.
func appendPadded(b []byte, v int64, digits int) []byte {
	var out [20]byte
	for i := digits - 1; i >= 0; i-- {
		out[i] = byte('0' + v%10)
		v /= 10
	}
	return append(b, out[:digits]...)
}

// appendMicros writes micros as a decimal with the given number of places,
// cutting what is below.
func appendMicros(b []byte, micros int64, places int) []byte {
	if micros < 0 {
		b, micros = append(b, '-'), -micros
	}
	b = strconv.AppendInt(b, micros/1e6, 10)
	fraction := micros % 1e6
	for range 6 - places {
		fraction /= 10
	}
	return appendPadded(append(b, '.'), fraction, places)
}

const (
	msPerDay    = 86_400_000
	msPerMinute = 60_000
)

// timeStyle is one of the ways a source writes time.
type timeStyle uint8

const (
	zulu    timeStyle = iota // 2026-03-28T12:00:00.000Z
	kolkata                  // 2026-03-28T17:30:00.000+05:30
	naive                    // 2026-03-28 12:00:00.000, which is UTC
	naiveT                   // 2026-03-28T12:00:00.000, which is UTC
	millis                   // 1774699200000
)

// appendTime writes ms since 1970 in a style.
func appendTime(b []byte, ms int64, style timeStyle) []byte {
	if style == millis {
		return strconv.AppendInt(b, ms, 10)
	}
	if style == kolkata {
		ms += 330 * msPerMinute
	}
	day := ms / msPerDay
	rest := ms % msPerDay
	if rest < 0 {
		day--
		rest += msPerDay
	}
	year, month, dom := civil(day)
	b = appendPadded(b, year, 4)
	b = appendPadded(append(b, '-'), month, 2)
	b = appendPadded(append(b, '-'), dom, 2)
	if style == naive {
		b = append(b, ' ')
	} else {
		b = append(b, 'T')
	}
	b = appendPadded(b, rest/3_600_000, 2)
	b = appendPadded(append(b, ':'), rest/60_000%60, 2)
	b = appendPadded(append(b, ':'), rest/1000%60, 2)
	b = appendPadded(append(b, '.'), rest%1000, 3)
	switch style {
	case zulu:
		b = append(b, 'Z')
	case kolkata:
		b = append(b, "+05:30"...)
	}
	return b
}

// civil is the Gregorian date of a day since 1970-01-01 (proleptic, days from
// March, so that the leap day comes last).
func civil(day int64) (year, month, dom int64) {
	z := day + 719_468
	era := z / 146_097
	if z < 0 {
		era = (z - 146_096) / 146_097
	}
	doe := z - era*146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	dom = doy - (153*mp+2)/5 + 1
	month = mp + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, dom
}

// partitionOf is Kafka's default partitioner: murmur2 of the key.
func partitionOf(key []byte, partitions int) int32 {
	return int32(murmur2(key)&0x7fffffff) % int32(partitions)
}

func murmur2(data []byte) uint32 {
	const m = 0x5bd1e995
	h := uint32(0x9747b28c) ^ uint32(len(data))
	for len(data) >= 4 {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> 24
		k *= m
		h = h*m ^ k
		data = data[4:]
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(data[0])) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}
