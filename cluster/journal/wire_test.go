package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
	"pgregory.net/rapid"
)

// Generators of records as Decode returns them: lists in order, nil when empty.

func genAuthor(t *rapid.T) (NodeID, Incarnation) {
	return NodeID(rapid.SampledFrom([]string{"a", "b", "node-2", "", "ü/\x00"}).Draw(t, "node")),
		Incarnation(rapid.Uint64().Draw(t, "incarnation"))
}

func genTime(t *rapid.T) event.Time { return event.Time(rapid.Int64().Draw(t, "time")) }

func genNatural(t *rapid.T) int64 { return rapid.Int64Min(0).Draw(t, "natural") }

func genShardIDs(t *rapid.T) []ShardID {
	ids := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) ShardID {
		return ShardID{
			Role:  rapid.SampledFrom([]Role{User, Campaign}).Draw(t, "role"),
			Shard: event.Shard(rapid.Uint32().Draw(t, "shard")),
		}
	}), 0, 6, rapid.ID).Draw(t, "shards")
	slices.SortFunc(ids, ShardID.Compare)
	if len(ids) == 0 {
		return nil
	}
	return ids
}

func genPartition(t *rapid.T) event.Partition {
	return event.Partition{
		Topic: rapid.SampledFrom([]string{"bids", "clicks", "adjoin.journal"}).Draw(t, "topic"),
		ID:    rapid.Int32Range(0, 3).Draw(t, "partition"),
	}
}

func genVector(t *rapid.T) event.Vector {
	return event.Vector(rapid.MapOf(rapid.Custom(genPartition), rapid.Custom(func(t *rapid.T) event.Offset {
		return event.Offset(genNatural(t))
	})).Draw(t, "vector"))
}

func genSegments(t *rapid.T) []SegmentRef {
	n := rapid.IntRange(0, 2).Draw(t, "segments")
	var refs []SegmentRef
	for range n {
		offsets := rapid.SliceOfNDistinct(rapid.Int64Min(0), 1, 3, rapid.ID).Draw(t, "offsets")
		slices.Sort(offsets)
		r := SegmentRef{
			Key:       rapid.String().Draw(t, "key"),
			Partition: rapid.Int32Min(0).Draw(t, "partition"),
			Bytes:     genNatural(t),
			CRC:       rapid.Uint32().Draw(t, "crc"),
		}
		for _, o := range offsets {
			r.Offsets = append(r.Offsets, event.Offset(o))
		}
		refs = append(refs, r)
	}
	return refs
}

func genShardCut(t *rapid.T, id ShardID) ShardCut {
	return ShardCut{
		ID:       id,
		Epoch:    Epoch(genNatural(t)),
		Previous: event.Offset(rapid.Int64Range(-1, math.MaxInt64-1).Draw(t, "previous")),
		Cut:      rapid.Uint64().Draw(t, "cut"),
		Vector:   genVector(t),
		Base:     rapid.Bool().Draw(t, "base"),
		Segments: genSegments(t),
		Deltas:   genSegments(t),
	}
}

func genLedger(t *rapid.T) []PartitionLedger {
	parts := rapid.SliceOfNDistinct(rapid.Custom(genPartition), 0, 4, rapid.ID).Draw(t, "ledger")
	slices.SortFunc(parts, event.Partition.Compare)
	var out []PartitionLedger
	num := func() int64 { return rapid.Int64().Draw(t, "count") }
	for _, p := range parts {
		l := PartitionLedger{Partition: p, To: event.Offset(genNatural(t)), Records: num(), Events: num()}
		l.Classes = Classes{Fact: num(), DupExact: num(), IDConflict: num(), Erased: num()}
		if rapid.Bool().Draw(t, "rejects") {
			l.Classes.Rejected = map[string]int64{"EMPTY": num(), "BAD_TIME": num()}
		}
		out = append(out, l)
	}
	return out
}

func genCommit(t *rapid.T) *Commit {
	c := &Commit{
		Cut:       CutNumber(rapid.Uint64().Draw(t, "number")),
		Counts:    ShardCounts{rapid.Uint32().Draw(t, "users"), rapid.Uint32().Draw(t, "campaigns")},
		ClusterID: rapid.SampledFrom([]string{"", "c1"}).Draw(t, "cluster"),
		Watermark: genTime(t), Frontier: genTime(t), Time: genTime(t),
		Ledger: genLedger(t),
	}
	c.Node, c.Incarnation = genAuthor(t)
	if rapid.Bool().Draw(t, "ids") {
		c.TopicIDs = map[string]TopicID{"bids": {1, 2}, "other": {15: 9}}
	}
	for _, id := range genShardIDs(t) {
		c.Shards = append(c.Shards, genShardCut(t, id))
	}
	for range rapid.IntRange(0, 2).Draw(t, "files") {
		f := File{
			Table: rapid.String().Draw(t, "table"), Path: rapid.String().Draw(t, "path"),
			Rows: genNatural(t), Bytes: genNatural(t),
			Date: rapid.Int32Min(-1).Draw(t, "date"), Hour: rapid.Int8Range(-1, 23).Draw(t, "hour"),
		}
		copy(f.SHA256[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "sha"))
		c.Files = append(c.Files, f)
	}
	return c
}

func genRecord(t *rapid.T) Record {
	switch Kind(rapid.IntRange(1, 4).Draw(t, "kind")) {
	case KindClaim:
		c := &Claim{Shards: genShardIDs(t), Time: genTime(t)}
		c.Node, c.Incarnation = genAuthor(t)
		return c
	case KindRelease:
		r := &Release{Shards: genShardIDs(t)}
		r.Node, r.Incarnation = genAuthor(t)
		return r
	case KindHeartbeat:
		h := &Heartbeat{
			Address: rapid.String().Draw(t, "address"), Version: rapid.String().Draw(t, "version"),
			Format: rapid.Byte().Draw(t, "format"), Time: genTime(t),
			Load: Load{rapid.Uint64().Draw(t, "eps"), rapid.Uint64().Draw(t, "bytes")},
		}
		h.Node, h.Incarnation = genAuthor(t)
		return h
	}
	return genCommit(t)
}

func mustAppend(t testing.TB, rec Record) []byte {
	t.Helper()
	b, err := Append(nil, rec)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFormat_RoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rec := genRecord(rt)
		b, err := Append(nil, rec)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := Decode(b)
		if err != nil {
			rt.Fatal(err)
		}
		if !reflect.DeepEqual(got, rec) {
			rt.Fatalf("got  %+v\nwant %+v", got, rec)
		}
	})
}

func TestFormat_EqualVectorsAreWrittenAndHeldOnce(t *testing.T) {
	c := &Commit{Node: "a", Counts: ShardCounts{User: 64}}
	for n := range event.Shard(64) {
		v := event.Vector{}
		for p := range int32(64) {
			v[event.Partition{Topic: "impressions", ID: p}] = 1_000_000_000 + event.Offset(p)
		}
		if n == 63 {
			v[event.Partition{Topic: "impressions"}]++
		}
		c.Shards = append(c.Shards, ShardCut{ID: ShardID{User, n}, Previous: NoOffset, Vector: v})
	}
	b := mustAppend(t, c)
	// 2 vectors: 64 cells of 5 and 64 of 1 or 2 bytes; 64 partitions of 2; 64
	// shards of 9; 4096 cells written in full would take 20 kB.
	if len(b) > 1300 {
		t.Errorf("%d bytes", len(b))
	}
	rec, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	shards := rec.(*Commit).Shards
	if reflect.ValueOf(shards[0].Vector).Pointer() != reflect.ValueOf(shards[62].Vector).Pointer() {
		t.Error("equal vectors are two maps")
	}
	if !reflect.DeepEqual(shards[63].Vector, c.Shards[63].Vector) {
		t.Error("the odd vector differs")
	}
}

// resealed puts body under a head and a right checksum, so that what lies behind
// the checksum is reached.
func resealed(version, kind byte, body []byte) []byte {
	b := append([]byte(magic), version, kind)
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, checksum(b))
}

func TestF21_UnknownVersionOrKindIsRefusedWithAMessage(t *testing.T) {
	body := mustAppend(t, &Claim{Node: "a"})[headBytes:]
	body = body[:len(body)-crcBytes]
	for _, b := range [][]byte{resealed(0, 1, body), resealed(2, 1, body), resealed(1, 0, body), resealed(1, 6, body)} {
		_, err := Decode(b)
		if !errors.Is(err, ErrVersion) || errors.Is(err, ErrCorrupt) {
			t.Errorf("version %d kind %d: %v", b[4], b[5], err)
			continue
		}
		if say := fmt.Sprintf("version %d", b[4]); !strings.Contains(err.Error(), say) {
			t.Errorf("%q does not say %q", err, say)
		}
	}
}

func TestF20_EveryFlipIsDetected(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for name, g := range goldenRecords() {
		b := seal(t, g.lines)
		for i := range 8 * len(b) { // each single bit
			b[i/8] ^= 1 << (i % 8)
			if _, err := Decode(b); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%s: bit %d flipped: %v", name, i, err)
			}
			b[i/8] ^= 1 << (i % 8)
		}
		for range 25_000 { // 2 to 5 bits
			bad := slices.Clone(b)
			for range 2 + rng.IntN(4) {
				bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
			}
			if slices.Equal(bad, b) {
				continue
			}
			if _, err := Decode(bad); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%s: %x: %v", name, bad, err)
			}
		}
	}
}

func TestF20_EveryTruncationIsDetected(t *testing.T) {
	for name, g := range goldenRecords() {
		b := seal(t, g.lines)
		body := b[headBytes : len(b)-crcBytes]
		for n := range b {
			if _, err := Decode(b[:n]); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%s: %d of %d bytes: %v", name, n, len(b), err)
			}
		}
		for n := range body { // with a right checksum
			if _, err := Decode(resealed(Version, b[5], body[:n])); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%s: body of %d of %d bytes: %v", name, n, len(body), err)
			}
		}
		if _, err := Decode(resealed(Version, b[5], append(slices.Clone(body), 0))); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("%s: a byte too many: %v", name, err)
		}
	}
}

func TestAppend_RefusesWhatDecodeWould(t *testing.T) {
	user := ShardID{User, 1}
	p := event.Partition{Topic: "t"}
	cut := func(change func(*ShardCut)) *Commit {
		c := ShardCut{ID: user, Previous: NoOffset, Vector: event.Vector{p: 1}}
		change(&c)
		return &Commit{Shards: []ShardCut{c}}
	}
	segment := func(r SegmentRef) *Commit {
		return cut(func(c *ShardCut) { c.Segments = []SegmentRef{r} })
	}
	file := func(f File) *Commit { return &Commit{Files: []File{f}} }
	one := []event.Offset{1}
	for name, rec := range map[string]Record{
		"shard twice in a claim":   &Claim{Shards: []ShardID{user, {User, 2}, user}},
		"no role":                  &Release{Shards: []ShardID{{Shard: 1}}},
		"shard twice in a commit":  &Commit{Shards: []ShardCut{{ID: user}, {ID: user}}},
		"ledger twice":             &Commit{Ledger: []PartitionLedger{{Partition: p}, {Partition: p}}},
		"ledger end below 0":       &Commit{Ledger: []PartitionLedger{{Partition: p, To: -1}}},
		"vector below 0":           cut(func(c *ShardCut) { c.Vector[p] = -1 }),
		"epoch below 0":            cut(func(c *ShardCut) { c.Epoch = NoEpoch }),
		"previous below -1":        cut(func(c *ShardCut) { c.Previous = -2 }),
		"partition below 0":        cut(func(c *ShardCut) { c.Vector = event.Vector{{Topic: "t", ID: -1}: 1} }),
		"segment without chunks":   segment(SegmentRef{Key: "k"}),
		"chunks going back":        segment(SegmentRef{Key: "k", Offsets: []event.Offset{5, 5}}),
		"chunk below 0":            segment(SegmentRef{Key: "k", Offsets: []event.Offset{-1}}),
		"segment bytes below 0":    segment(SegmentRef{Key: "k", Offsets: one, Bytes: -1}),
		"segment partition":        segment(SegmentRef{Key: "k", Offsets: one, Partition: -1}),
		"rows below 0":             file(File{Rows: -1}),
		"bytes below 0":            file(File{Bytes: -1}),
		"date below -1":            file(File{Date: -2}),
		"hour 24":                  file(File{Hour: 24}),
		"hour -2":                  file(File{Hour: -2}),
		"snapshot of another time": &Snapshot{Upto: 3, State: NewState()},
		"snapshot of nothing":      &Snapshot{},
		"longer than MaxRecord":    &Heartbeat{Version: strings.Repeat("x", MaxRecord)},
	} {
		b, err := Append([]byte("kept"), rec)
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error %v", name, err)
		}
		if string(b) != "kept" {
			t.Errorf("%s: dst became %q", name, b)
		}
	}
}

func TestAppend_TakesTheLongestRecord(t *testing.T) {
	h := &Heartbeat{}
	h.Version = strings.Repeat("x", MaxRecord-len(mustAppend(t, h))-2) // its length takes 3 bytes, not 1
	if n := len(mustAppend(t, h)); n != MaxRecord {
		t.Fatalf("%d bytes", n)
	}
}

// decodeBytesPerByte bounds what Decode may allocate for each byte of input. The
// dearest byte is a vector's cell: an entry of a map that doubles as it grows.
const decodeBytesPerByte = 400

func checkDecode(t testing.TB, b []byte) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rec, err := Decode(b)
	runtime.ReadMemStats(&after)
	if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(1<<16+decodeBytesPerByte*len(b)); got > limit {
		t.Fatalf("%d bytes allocated for %d, limit %d", got, len(b), limit)
	}
	if err != nil {
		if errors.Is(err, ErrCorrupt) == errors.Is(err, ErrVersion) {
			t.Fatalf("error of no type: %v", err)
		}
		return
	}
	again, err := Append(nil, rec)
	if err != nil {
		t.Fatalf("decoded, but: %v", err)
	}
	back, err := Decode(again)
	if err != nil || !reflect.DeepEqual(back, rec) {
		t.Fatalf("%+v became %+v, %v", rec, back, err)
	}
}

func TestF20_HugeCountsAllocateLittle(t *testing.T) {
	huge := binary.AppendUvarint(nil, math.MaxUint64)
	many := binary.AppendUvarint(nil, 200_000)
	for _, g := range goldenRecords() {
		b := seal(t, g.lines)
		body := b[headBytes : len(b)-crcBytes]
		for i := range body { // any byte may be the count of a list
			for _, n := range [][]byte{huge, many, {0xff}, {0x7f}, {0}} {
				bad := slices.Concat(body[:i], n, body[i+1:])
				checkDecode(t, resealed(Version, b[5], bad))
				checkDecode(t, resealed(Version, b[5], append(bad, make([]byte, 4096)...)))
			}
		}
	}
}

// FuzzDecode feeds Decode raw bytes, and the same bytes as the body of every kind
// under a right checksum.
func FuzzDecode(f *testing.F) {
	for _, g := range goldenRecords() {
		b := seal(f, g.lines)
		f.Add(b)
		f.Add(b[headBytes : len(b)-crcBytes])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkDecode(t, b)
		for kind := KindClaim; kind <= KindSnapshot; kind++ {
			checkDecode(t, resealed(Version, byte(kind), b))
		}
	})
}
