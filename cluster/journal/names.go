package journal

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// SegmentKey is the key of a state segment: role-shard-epoch-cut-part, as
// "user-17-1042-7-base". part tells the segments of one shard's cut apart; its
// characters outside a-z, 0-9 and "_" become "_".
//
// A key is never reused. The epoch is a journal offset and so differs with every
// claim; under one epoch the author does not use a cut number for segments
// twice, not even when the first use never became a commit: it goes on with a
// higher one or claims anew.
func SegmentKey(id ShardID, epoch Epoch, cut uint64, part string) string {
	return fmt.Sprintf("%s-%d-%d-%s", id, int64(epoch), cut, safePart(part))
}

// ChunkKey is the Kafka key of chunk i of a segment: "KEY/i". Chunks need keys
// of their own, since a compacted topic keeps one record a key.
func ChunkKey(key string, i int) string { return key + "/" + strconv.Itoa(i) }

// ParseSegmentKey takes a key of SegmentKey or ChunkKey apart.
func ParseSegmentKey(key string) (id ShardID, epoch Epoch, cut uint64, part string, err error) {
	name, _, _ := strings.Cut(key, "/")
	f := strings.Split(name, "-")
	if len(f) != 5 {
		return id, 0, 0, "", fmt.Errorf("journal: segment key %q: want role-shard-epoch-cut-part", key)
	}
	switch f[0] {
	case User.String():
		id.Role = User
	case Campaign.String():
		id.Role = Campaign
	default:
		return id, 0, 0, "", fmt.Errorf("journal: segment key %q: unknown role %q", key, f[0])
	}
	n, errShard := strconv.ParseUint(f[1], 10, 32)
	at, errEpoch := strconv.ParseInt(f[2], 10, 64)
	cut, errCut := strconv.ParseUint(f[3], 10, 64)
	for _, err := range []error{errShard, errEpoch, errCut} {
		if err != nil {
			return id, 0, 0, "", fmt.Errorf("journal: segment key %q: %w", key, err)
		}
	}
	id.Shard = event.Shard(n)
	return id, Epoch(at), cut, f[4], nil
}

// nameMax keeps names within what object stores and file systems take.
const nameMax = 63

// SafeName makes a name fit for a path: letters, digits, ".", "_" and "-" stay,
// every other byte becomes "_", as does a leading "." or "-"; at most 63 bytes;
// "_" for the empty name. Two names may become one: nothing relies on it alone.
func SafeName(name string) string {
	if name == "" {
		return "_"
	}
	b := []byte(name[:min(len(name), nameMax)])
	for i, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_':
		case i > 0 && (c == '.' || c == '-'):
		default:
			b[i] = '_'
		}
	}
	return string(b)
}

func safePart(part string) string {
	if part == "" {
		return "_"
	}
	b := []byte(part)
	for i, c := range b {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_') {
			b[i] = '_'
		}
	}
	return string(b)
}
