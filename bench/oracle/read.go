package oracle

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/advertisex/adjoin/sinks/spill"
)

const (
	batchRecords  = 256       // handed to a decoder at a time
	requestsBytes = 192 << 20 // of bid requests that a decoder holds before it sorts them on disk
)

// topicKind is how the topics of a kind are decoded.
type topicKind struct {
	topics []string
	decode func(*intake) func(*Record)
}

func topicKinds(set *Settings) []topicKind {
	csv := func(kind csvKind, columns []string) func(*intake) func(*Record) {
		return func(in *intake) func(*Record) { return in.csvRecord(kind, columns) }
	}
	return []topicKind{
		{set.Topics.Bids, func(in *intake) func(*Record) { return in.bidRecord }},
		{set.Topics.Impressions, func(in *intake) func(*Record) { return in.impressionRecord }},
		{set.Topics.Clicks, csv(csvClicks, set.ClicksColumns)},
		{set.Topics.Conversions, csv(csvConversions, set.ConversionsColumns)},
		{set.Topics.ClicksConversions, csv(csvCombined, set.CombinedColumns)},
	}
}

// read decodes every topic, a decoder on each processor, and puts together what
// they kept: in which of them a record was does not matter, because everything
// is sorted next. Bid requests stay with their decoders' sorters.
func read(src Source, set *Settings, dir string) (in *intake, requests []*spill.Sorter, counts map[string]int64, err error) {
	decoders := make([]*intake, max(1, runtime.GOMAXPROCS(0)))
	for i := range decoders {
		known, err := newSchemas(set)
		if err != nil {
			return nil, nil, nil, err
		}
		sorter := spill.New(dir, requestsBytes)
		requests = append(requests, sorter)
		decoders[i] = &intake{set: set, schemas: known, words: words{}, flows: pipeline{}, requests: sorter}
	}
	counts = map[string]int64{}
	seen := positions{}
	for _, kind := range topicKinds(set) {
		for _, name := range kind.topics {
			n, err := readTopic(src, name, decoders, kind.decode, seen)
			if err != nil {
				return nil, requests, nil, fmt.Errorf("topic %s: %w", name, err)
			}
			if n > 0 {
				counts[name] = n
			}
		}
	}
	return merge(decoders), requests, counts, nil
}

// readTopic hands the records of a topic to the decoders and counts them.
func readTopic(src Source, name string, decoders []*intake, decode func(*intake) func(*Record), seen positions) (records int64, err error) {
	queue := make(chan []*Record, len(decoders))
	var working sync.WaitGroup
	for _, in := range decoders {
		in.backfill = slices.Contains(in.set.Backfill, name)
		working.Go(func() {
			one := decode(in)
			for batch := range queue {
				for _, r := range batch {
					in.record(r, one)
				}
			}
		})
	}
	var batch []*Record
	err = src.Each(name, func(r *Record) error {
		if !seen.first(r) {
			return nil
		}
		records++
		if batch = append(batch, r); len(batch) == batchRecords {
			queue <- batch
			batch = nil
		}
		return nil
	})
	queue <- batch
	close(queue)
	working.Wait()
	for _, in := range decoders {
		err = errors.Join(err, in.failure)
	}
	return records, err
}

// merge is one intake with what several kept.
func merge(decoders []*intake) *intake {
	all := decoders[0]
	for _, in := range decoders[1:] {
		all.impressions = append(all.impressions, in.impressions...)
		all.clicks = append(all.clicks, in.clicks...)
		all.conversions = append(all.conversions, in.conversions...)
		all.rejections = append(all.rejections, in.rejections...)
		all.flows.join(in.flows)
		*in = intake{}
	}
	all.words = nil
	return all
}

func (c *Classes) add(o *Classes) {
	c.Fact += o.Fact
	c.DupExact += o.DupExact
	c.IDConflict += o.IDConflict
	for reason, n := range o.Rejected {
		c.Rejected[reason] += n
	}
}
