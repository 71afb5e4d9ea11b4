package kafka

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// loopKey names a loop: the n-th connection to a broker.
type loopKey struct {
	addr string
	n    int
}

// loop fetches the partitions that steer gave it, over one connection. Its
// goroutine is owned by the Source and lives as long: it waits while it has no
// partition, so their number is that of brokers seen times Connections.
type loop struct {
	s     *Source
	key   loopKey
	wake  chan struct{}
	turn  int // whose turn it is to be first in a request
	link  *link
	d     decoder
	stall int // fetches in a row that gave nothing where something is
}

// run fetches until the Source ends.
func (l *loop) run() {
	defer l.s.wg.Done()
	defer l.d.close()
	defer l.hangUp()
	for l.s.ctx.Err() == nil {
		wants := l.collect()
		if len(wants) == 0 {
			if !l.idle() {
				return
			}
			continue
		}
		blocks, err := l.fetch(wants)
		if err != nil {
			l.hangUp()
			l.s.lose(wants, err)
			continue
		}
		got := &answer{bytes: l.link.answer}
		got.readers.Store(1)
		for i := range blocks {
			l.handle(&blocks[i], wants[blocks[i].answeredAt], got)
		}
		got.release(l.s.spare)
		l.s.release(wants)
		l.rest()
	}
}

// idle waits for a partition; false means the Source has ended. The connection
// is dropped after a while, for brokers drop idle ones, too.
func (l *loop) idle() bool {
	select {
	case <-l.wake:
	case <-l.s.ctx.Done():
		return false
	case <-time.After(10 * time.Second):
		l.hangUp()
	}
	return true
}

// rest slows down a loop that gets nothing although there is something, such as
// from tiered storage that is slow.
func (l *loop) rest() {
	if l.stall < 3 {
		return
	}
	select {
	case <-time.After(100 * time.Millisecond):
	case <-l.s.ctx.Done():
	}
}

func (l *loop) hangUp() {
	if l.link != nil {
		l.link.close()
		l.link = nil
	}
}

// collect takes the loop's partitions in hand. Each time another one is first:
// the first one with data always gets a batch, the others what room is left.
// Partitions of a topic stay together, as the request wants them.
func (l *loop) collect() []want {
	s := l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	var wants []want
	for _, p := range s.mu.order {
		if p.key == l.key && !p.paused && !p.busy && !p.lost {
			p.busy = true
			wants = append(wants, want{p.Partition, p.pos, p.epoch, p.gen})
		}
	}
	if len(wants) < 2 {
		return wants
	}
	l.turn++
	return rotate(wants, l.turn%len(wants))
}

// rotate puts wants[first] first, then the rest of its topic, then the topics
// that follow in the circle. wants is sorted by partition.
func rotate(wants []want, first int) []want {
	topic := wants[first].Topic
	same := func(w want) bool { return w.Topic == topic }
	lo := slices.IndexFunc(wants, same)
	hi := lo
	for hi < len(wants) && same(wants[hi]) {
		hi++
	}
	return slices.Concat(wants[first:hi], wants[lo:first], wants[hi:], wants[:lo])
}

// fetch connects if need be and fetches.
func (l *loop) fetch(wants []want) ([]fetchBlock, error) {
	if l.link == nil {
		link, err := dial(l.s.ctx, l.s.cfg, l.key.addr)
		if err != nil {
			return nil, err
		}
		l.link, link.spare = link, l.s.spare
	}
	stop := context.AfterFunc(l.s.ctx, l.link.abort)
	defer stop()
	return l.link.fetch(&fetchRequest{wants: wants, maxWait: l.s.sc.MaxWait, maxBytes: l.s.sc.MaxBytesPartition})
}

// handle hands out what came for one partition.
func (l *loop) handle(bl *fetchBlock, w want, got *answer) {
	if bl.err != 0 {
		l.s.refused(w, kerr(bl.err))
		return
	}
	walk := newWalk(&l.d, bl, w.offset, l.s.sc.MaxBytesPartition)
	for {
		p, ok, err := walk.next()
		if err != nil {
			l.s.fail(err)
			return
		}
		if !ok {
			break
		}
		if !l.s.advance(w, p, bl, got) {
			return
		}
	}
	l.s.news(w, walk.pos, bl)
	l.note(bl, w, walk.pos)
}

// note counts fetches that gave the first partition nothing although the broker
// says there is something.
func (l *loop) note(bl *fetchBlock, w want, pos event.Offset) {
	if bl.answeredAt != 0 {
		return
	}
	if pos > w.offset || pos >= bl.stable {
		l.stall = 0
		return
	}
	if l.stall++; l.stall == 20 {
		l.s.change(w.Partition, func(p *part) {
			p.trouble = &Error{Code: CodeBroker, Class: Other,
				What: fmt.Sprintf("%s answers with nothing for %s at offset %d, though the log goes on to %d.", l.key.addr, w.Partition, pos, bl.stable),
				Hint: "Tiered storage may be slow; the broker's log may say more."}
		})
	}
}

// advance moves a partition over a piece and sends it. false: the rest of the
// answer must not be used.
func (s *Source) advance(w want, p piece, bl *fetchBlock, got *answer) bool {
	s.mu.Lock()
	pt := s.mu.parts[w.Partition]
	if pt.gen != w.gen || pt.pos != p.from {
		s.mu.Unlock()
		return false
	}
	if p.bad != nil && !p.bad.TooLarge && pt.badAt != p.from {
		// It may have been damaged on the way: fetch it once more.
		pt.badAt = p.from
		s.mu.Unlock()
		return false
	}
	pt.pos = p.to
	pt.high, pt.stable, pt.told = bl.high, bl.stable, true
	pt.trouble, pt.suspect = nil, false
	s.mu.refused = time.Time{}
	s.mu.Unlock()
	m := memory{unpacked: p.unpacked}
	if p.inAnswer {
		got.readers.Add(1)
		m.answer = got
	}
	return s.send(Chunk{
		Range:   event.Range{Partition: w.Partition, From: p.from, To: p.to},
		Records: p.records, Bad: p.bad,
		HighWatermark: bl.high, LastStable: bl.stable, CaughtUp: p.to >= bl.stable,
		memory: m, gen: w.gen,
	})
}

// news sends an empty chunk when an answer without records says where the
// partition ends and no chunk has said so yet.
func (s *Source) news(w want, pos event.Offset, bl *fetchBlock) {
	s.mu.Lock()
	pt := s.mu.parts[w.Partition]
	fresh := pt.gen == w.gen && pt.pos == pos && pos >= bl.stable &&
		(!pt.told || pt.high != bl.high || pt.stable != bl.stable)
	if fresh {
		pt.high, pt.stable, pt.told = bl.high, bl.stable, true
	}
	pt.trouble = nil
	s.mu.refused = time.Time{}
	s.mu.Unlock()
	if fresh {
		s.send(Chunk{Range: event.Range{Partition: w.Partition, From: pos, To: pos},
			HighWatermark: bl.high, LastStable: bl.stable, CaughtUp: true, gen: w.gen})
	}
}

// send waits for room.
func (s *Source) send(c Chunk) bool {
	select {
	case s.out <- c:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// release gives partitions back after an answer was used up.
func (s *Source) release(wants []want) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range wants {
		pt := s.mu.parts[w.Partition]
		pt.busy = false
		if l := s.mu.loops[pt.key]; l != nil {
			// It may have been given to another loop meanwhile, which found
			// it busy and waits.
			poke(l.wake)
		}
	}
}

// lose gives partitions back after a connection failed; steer looks for their
// leaders again.
func (s *Source) lose(wants []want, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range wants {
		pt := s.mu.parts[w.Partition]
		pt.busy, pt.lost, pt.trouble = false, true, err
	}
	s.noteRefusal(err)
	poke(s.wake)
}

// refused handles an error code for one partition.
func (s *Source) refused(w want, code sarama.KError) {
	if code == sarama.ErrTopicAuthorizationFailed {
		s.fail(refusal(code, "no right to read topic "+w.Topic))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	pt := s.mu.parts[w.Partition]
	pt.lost = true
	pt.suspect = pt.suspect || code == sarama.ErrOffsetOutOfRange && pt.gen == w.gen
	pt.trouble = refusal(code, fmt.Sprintf("%s refused a fetch of %s at offset %d", pt.key.addr, w.Partition, w.offset))
	poke(s.wake)
}

// fail ends the Source with an error that no retry mends.
func (s *Source) fail(err error) { s.stop(err) }
