package journal

import (
	"encoding/hex"
	"math/bits"
	"reflect"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

// The golden bytes below were written down by hand from docs/formats/journal.md:
// one field a line, in hex, with the meaning beside it. They are durable: a
// change here is a new format version, never an edit.

// goldenClaim is the record of the annotated example in docs/formats/journal.md.
var goldenClaim = []string{
	"41 4a 52 4e",                   // "AJRN"
	"01",                            // version 1
	"01",                            // kind: claim
	"02 6e 31",                      // node "n1"
	"ac 02",                         // incarnation 300
	"fe ff ff ff ff ff ff ff ff 01", // time: the greatest, zigzag
	"02",                            // 2 shards
	"01 03",                         // user 3
	"02 80 01",                      // campaign 128
}

var goldenRelease = []string{
	"41 4a 52 4e",
	"01",
	"02",       // kind: release
	"02 6e 31", // node "n1"
	"05",       // incarnation 5
	"01",       // 1 shard
	"01 00",    // user 0
}

var goldenHeartbeat = []string{
	"41 4a 52 4e",
	"01",
	"03",                // kind: heartbeat
	"02 6e 31",          // node "n1"
	"05",                // incarnation 5
	"03",                // time -2 us, zigzag
	"05 68 3a 37 30 30", // address "h:700"
	"04 76 31 2e 32",    // version "v1.2"
	"01",                // reads format 1
	"e8 07",             // 1000 events a second
	"80 80 04",          // 65536 bytes of state
}

// goldenCommit holds two user shards at one vector, and one campaign shard.
var goldenCommit = []string{
	"41 4a 52 4e",
	"01",
	"04",       // kind: commit
	"02 6e 31", // node "n1"
	"05",       // incarnation 5
	"07",       // cut 7 of the node
	"14",       // time 10
	"12",       // watermark 9
	"10",       // frontier 8
	"02 01",    // 2 user shards, 1 campaign shard
	"02 63 30", // cluster "c0"
	"02",       // 2 topics
	"0e 61 64 6a 6f 69 6e 2e 6a 6f 75 72 6e 61 6c 00", // "adjoin.journal", no id
	"01 74 01 000102030405060708090a0b0c0d0e0f",       // "t" and its id
	"03",                      // 3 partitions
	"00 00",                   // adjoin.journal/0
	"01 00",                   // t/0
	"01 02",                   // t/2
	"02",                      // 2 vectors
	"00 c9 01 07",             // none; t/0 100 (zigzag 200, plus 1 = 201); t/2 3
	"51 00 00",                // adjoin.journal/0 40; none; none
	"03",                      // 3 shards
	"01 00",                   // user 0
	"28 33",                   // epoch 40, previous 50
	"09 00 01",                // cut 9, vector 0, base
	"01",                      // 1 segment
	"01 6b",                   // key "k"
	"02 90 4e",                // partition 2, 10000 bytes
	"ef fd b6 f5 0d",          // checksum deadbeef
	"02 05 02",                // 2 chunks, at 5 and 8
	"01 01 64 00 01 00 01 03", // 1 delta: key "d", partition 0, 1 byte, checksum 0, 1 chunk at 3
	"01 01",                   // user 1
	"28 00",                   // epoch 40, no previous
	"01 00 00",                // cut 1, vector 0, no base
	"00 00",                   // no segments, no deltas
	"02 00",                   // campaign 0
	"29 00",                   // epoch 41, no previous
	"01 01 00",                // cut 1, vector 1, no base
	"00 00",
	"02",       // 2 files
	"01 77",    // table "w"
	"01 70",    // path "p"
	"03 80 08", // 3 rows, 1024 bytes
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", // SHA-256
	"ab a2 01", // date 20778 = 2026-11-21
	"18",       // hour 23
	"01 78 01 71 00 00",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"00 00",                   // no date, no hour
	"01",                      // 1 ledger
	"01",                      // partition 1: t/0
	"64",                      // below offset 100
	"06 08 03 02 02 02",       // records 3, events 4, fact -2, dup_exact 1, id_conflict 1, erased 1
	"01 05 45 4d 50 54 59 06", // 1 reason: "EMPTY" 3
}

var goldenSnapshot = []string{
	"41 4a 52 4e",
	"01",
	"05",          // kind: snapshot
	"3d",          // up to offset 60
	"02 00",       // 2 user shards, no campaign shard
	"00",          // cluster unknown
	"01 01 74 00", // 1 topic, "t", no id
	"01 00 00",    // 1 partition, t/0
	"01 07",       // 1 vector, t/0 3
	"01",          // 1 node
	"02 6e 31 05", // "n1", incarnation 5
	"3c 01",       // seen at 60, beating: its heartbeat follows
	"02 6e 31 05 00 00 00 01 00 00",
	"02",                            // 2 shards
	"01 00 02 6e 31 05",             // user 0 of n1/5
	"28 00 01",                      // epoch 40, not released, committed
	"32 07 14 12 10",                // commit at 50, cut 7 of the node, time 10, watermark 9, frontier 8
	"01 00 28 00 09 00 00 00 00",    // user 0, epoch 40, no previous, cut 9, vector 0, no base, no segments, no deltas
	"01 32 01 01 64 00 01 00 01 03", // 1 commit with deltas: at 50, one: "d", 0, 1 byte, 0, 1 chunk at 3
	"01 01 01 61 02",                // user 1 of a/2
	"29 01 00",                      // epoch 41, released, not committed
	"01 00 64 06 08 08 00 00 00 00", // 1 ledger: t/0 below 100, records 3, events 4, fact 4, no reasons
}

// seal joins golden lines and appends the checksum, computed bit by bit, so that
// it does not lean on the library the code uses.
func seal(t testing.TB, lines []string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(lines, ""), " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	crc := ^uint32(0)
	for _, c := range b {
		crc ^= uint32(c)
		for range 8 {
			if crc&1 == 1 {
				crc = crc>>1 ^ bits.Reverse32(0x1edc6f41)
			} else {
				crc >>= 1
			}
		}
	}
	crc = ^crc
	return append(b, byte(crc), byte(crc>>8), byte(crc>>16), byte(crc>>24))
}

func goldenRecords() map[string]struct {
	lines []string
	rec   Record
} {
	t0, t2 := event.Partition{Topic: "t"}, event.Partition{Topic: "t", ID: 2}
	user0, user1 := ShardID{User, 0}, ShardID{User, 1}
	vector := event.Vector{t0: 100, t2: 3}
	delta := []SegmentRef{{Key: "d", Bytes: 1, Offsets: []event.Offset{3}}}
	var ones [32]byte
	for i := range ones {
		ones[i] = 0xff
	}
	beat := Heartbeat{Node: "n1", Incarnation: 5, Format: 1}
	return map[string]struct {
		lines []string
		rec   Record
	}{
		"claim":   {goldenClaim, &Claim{"n1", 300, []ShardID{{User, 3}, {Campaign, 128}}, event.MaxTime}},
		"release": {goldenRelease, &Release{"n1", 5, []ShardID{user0}}},
		"heartbeat": {goldenHeartbeat, &Heartbeat{
			Node: "n1", Incarnation: 5, Address: "h:700", Version: "v1.2", Format: 1,
			Load: Load{EventsPerSecond: 1000, StateBytes: 65536}, Time: -2,
		}},
		"commit": {goldenCommit, &Commit{
			Node: "n1", Incarnation: 5, Cut: 7, Counts: ShardCounts{User: 2, Campaign: 1},
			ClusterID: "c0", TopicIDs: map[string]TopicID{"t": {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
			Watermark: 9, Frontier: 8, Time: 10,
			Shards: []ShardCut{
				{
					ID: user0, Epoch: 40, Previous: 50, Cut: 9, Vector: vector, Base: true,
					Segments: []SegmentRef{{Key: "k", Partition: 2, Offsets: []event.Offset{5, 8}, Bytes: 10000, CRC: 0xdeadbeef}},
					Deltas:   delta,
				},
				{ID: user1, Epoch: 40, Previous: NoOffset, Cut: 1, Vector: vector},
				{ID: ShardID{Campaign, 0}, Epoch: 41, Previous: NoOffset, Cut: 1, Vector: event.Vector{JournalPartition(): 40}},
			},
			Files: []File{
				{Table: "w", Path: "p", Rows: 3, Bytes: 1024, SHA256: ones, Date: 20778, Hour: 23},
				{Table: "x", Path: "q", Date: NoDate, Hour: NoHour},
			},
			Ledger: []PartitionLedger{{Partition: t0, To: 100, Records: 3, Events: 4, Classes: Classes{
				Fact: -2, DupExact: 1, IDConflict: 1, Erased: 1, Rejected: map[string]int64{"EMPTY": 3},
			}}},
		}},
		"snapshot": {goldenSnapshot, &Snapshot{Upto: 60, State: &State{
			applied: 60,
			counts:  ShardCounts{User: 2}, topicIDs: map[string]TopicID{},
			nodes: map[NodeID]node{"n1": {incarnation: 5, seen: 60, beating: true, beat: beat}},
			shards: map[ShardID]shard{
				user0: {
					owner: Ownership{"n1", 5, 40, false}, committed: true,
					last: Committed{
						Offset: 50, Number: 7, Time: 10, Watermark: 9, Frontier: 8,
						ShardCut: ShardCut{ID: user0, Epoch: 40, Previous: NoOffset, Cut: 9, Vector: event.Vector{t0: 3}},
					},
					pending: []pending{{50, delta}},
				},
				user1: {owner: Ownership{"a", 2, 41, true}},
			},
			ledger: map[event.Partition]PartitionLedger{t0: {Partition: t0, To: 100, Records: 3, Events: 4, Classes: Classes{Fact: 4}}},
		}}},
	}
}

func TestF21_GoldenBytesOfEveryKind(t *testing.T) {
	for name, g := range goldenRecords() {
		t.Run(name, func(t *testing.T) {
			want := seal(t, g.lines)
			got, err := Append([]byte("before"), g.rec)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != "before"+string(want) {
				t.Errorf("Append:\n got %x\nwant %x", got[len("before"):], want)
			}
			rec, err := Decode(want)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(rec, g.rec) {
				t.Errorf("Decode:\n got %+v\nwant %+v", rec, g.rec)
			}
		})
	}
}

func TestAppend_WritesListsInTheirOrderAndLeavesTheRecordAlone(t *testing.T) {
	c := &Claim{"n1", 300, []ShardID{{Campaign, 128}, {User, 3}}, event.MaxTime}
	got, err := Append(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	if want := seal(t, goldenClaim); string(got) != string(want) {
		t.Errorf("got %x, want %x", got, want)
	}
	if c.Shards[0].Role != Campaign {
		t.Error("the caller's list was sorted")
	}
}
