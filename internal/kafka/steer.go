package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/advertisex/adjoin/internal/event"
)

// Waits of the steering goroutine.
const (
	lookAgain    = 60 * time.Millisecond // between two look-ups, at least; an election takes longer
	lookAgainMax = 2 * time.Second       // while no broker answers
	missingFor   = 5 * time.Second       // a topic may be unknown that long after it was made
	refusedFor   = 30 * time.Second      // a log-in may be refused that long while a secret is changed
)

// begin does what steer does, once, with the caller's ctx and patience: nothing
// is retried but what an election explains.
func (s *Source) begin(ctx context.Context) error {
	for {
		v, err := s.dir.lookup(ctx, s.topics()...)
		if err != nil {
			return err
		}
		for _, topic := range s.topics() {
			if t := v.topics[topic]; len(t.partitions) == 0 {
				return refusal(orUnknown(t.err), "topic "+topic)
			}
		}
		if err := s.compare(v); err != nil {
			return err
		}
		if err := s.exist(v); err != nil {
			return err
		}
		if err = s.place(ctx, v); err == nil || !isTransient(err) {
			return err
		}
		if !pause(ctx, lookAgain) {
			return err
		}
	}
}

// exist checks that every partition read is there.
func (s *Source) exist(v *view) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.mu.order {
		if _, _, err := v.leader(p.Partition); err != nil && err.Class == Refused {
			return err
		}
	}
	return nil
}

func orUnknown(code sarama.KError) sarama.KError {
	if code == 0 {
		return sarama.ErrUnknownTopicOrPartition
	}
	return code
}

// steer looks at the cluster whenever a loop lost partitions, and every
// CheckEvery, until the Source ends. The Source owns its goroutine.
func (s *Source) steer() {
	defer s.wg.Done()
	tick := time.NewTicker(s.sc.CheckEvery)
	defer tick.Stop()
	wait := lookAgain
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
			if !pause(s.ctx, wait) {
				return
			}
		case <-tick.C:
		}
		err := s.look()
		switch {
		case err == nil:
			wait = lookAgain
		case isFinal(err):
			s.fail(err)
			return
		default:
			s.mark(err)
			wait = min(2*wait, lookAgainMax)
			poke(s.wake)
		}
	}
}

// look asks who leads what and acts on it.
func (s *Source) look() error {
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.DialTimeout+2*s.cfg.ReadTimeout)
	defer cancel()
	v, err := s.dir.lookup(ctx, s.topics()...)
	if err != nil {
		return err
	}
	if err := s.compare(v); err != nil {
		s.fail(err) // it has been patient already
		return err
	}
	s.grow(v)
	return s.place(ctx, v)
}

// compare checks cluster and topic ids against those the offsets belong to, and
// takes over those that are not known yet. A topic that is not there is only an
// error after a while.
func (s *Source) compare(v *view) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.cluster != "" && v.clusterID != "" && v.clusterID != s.mu.cluster {
		return &Error{Code: CodeTopicRecreated, Class: Refused,
			What: fmt.Sprintf("the brokers belong to cluster %s, but the offsets to cluster %s.", v.clusterID, s.mu.cluster),
			Hint: "Check kafka.brokers. A new cluster needs a new start: its offsets have nothing to do with the old ones."}
	}
	s.mu.cluster = v.clusterID
	for _, p := range s.mu.order {
		t := v.topics[p.Topic]
		if len(t.partitions) == 0 {
			if err := s.notThere(p.Topic, t.err); err != nil {
				return err
			}
			continue
		}
		delete(s.mu.missing, p.Topic)
		switch was := s.mu.ids[p.Topic]; {
		case was == TopicID{}:
			s.mu.ids[p.Topic] = t.id
		case t.id != TopicID{} && t.id != was:
			return recreated(p.Topic, was, t.id)
		}
	}
	if len(s.mu.missing) == 0 {
		s.mu.verified = time.Now()
	}
	return nil
}

// notThere notes that a topic is not found; the caller holds the lock.
func (s *Source) notThere(topic string, code sarama.KError) error {
	if code == sarama.ErrTopicAuthorizationFailed {
		return refusal(code, "no right to describe topic "+topic)
	}
	since, ok := s.mu.missing[topic]
	if !ok {
		s.mu.missing[topic] = time.Now()
	} else if time.Since(since) > missingFor {
		e := refusal(sarama.ErrUnknownTopicOrPartition, "topic "+topic+" is gone")
		e.Hint = "It was deleted while it was read. What was not read is lost; adjoin stops so that you decide."
		return e
	}
	return nil
}

func recreated(topic string, was, is TopicID) error {
	detail := &RecreatedError{Topic: topic, Was: was, Is: is}
	return &Error{Code: CodeTopicRecreated, Class: Refused, Err: detail,
		What: detail.Error() + ": it was deleted and made again, and offsets of the old one mean nothing in the new one.",
		Hint: "If nothing of the old topic is missing, start the new one from its beginning."}
}

// grow notes partitions that exist but are not read (reliability F25).
func (s *Source) grow(v *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.grown = nil
	var last string
	for _, p := range s.mu.order {
		if p.Topic == last {
			continue
		}
		last = p.Topic
		for id := range v.topics[p.Topic].partitions {
			q := event.Partition{Topic: p.Topic, ID: int32(id)}
			if s.mu.parts[q] == nil {
				s.mu.grown = append(s.mu.grown, q)
			}
		}
	}
}

// place checks suspect offsets and gives every partition to a loop of its
// leader. Its error is the last partition's that could not be placed, or final.
func (s *Source) place(ctx context.Context, v *view) error {
	if err := s.checkSuspects(ctx, v); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var last error
	turn := make(map[string]int)
	for _, p := range s.mu.order {
		addr, epoch, err := v.leader(p.Partition)
		if err != nil {
			p.trouble = err
			if p.lost {
				last = err
			}
			continue
		}
		n := turn[addr] % s.sc.Connections
		turn[addr]++
		if p.suspect || !p.lost && p.key.addr == addr && p.epoch == epoch {
			continue
		}
		p.key, p.epoch, p.lost = loopKey{addr, n}, epoch, false
		s.loopFor(p.key)
	}
	return last
}

// loopFor wakes a loop, or starts it; the caller holds the lock.
func (s *Source) loopFor(key loopKey) {
	l := s.mu.loops[key]
	if l == nil {
		l = &loop{s: s, key: key, wake: make(chan struct{}, 1), d: decoder{spare: s.spare}}
		s.mu.loops[key] = l
		s.wg.Add(1)
		go l.run()
	}
	poke(l.wake)
}

// checkSuspects asks the leaders for the bounds of every partition whose offset
// was refused or was never checked. An offset outside of them is final: the
// records are gone, or the log was cut or made again (reliability F23, F24).
func (s *Source) checkSuspects(ctx context.Context, v *view) error {
	positions := make(map[event.Partition]event.Offset)
	s.mu.Lock()
	for _, p := range s.mu.order {
		if p.suspect {
			positions[p.Partition] = p.pos
		}
	}
	s.mu.Unlock()
	if len(positions) == 0 {
		return nil
	}
	oldest, err := listOffsets(ctx, s.cfg, v, keys(positions), sarama.OffsetOldest, false)
	if err != nil {
		return err
	}
	newest, err := listOffsets(ctx, s.cfg, v, keys(positions), sarama.OffsetNewest, false)
	if err != nil {
		return err
	}
	for p, pos := range positions {
		if pos < oldest[p] || pos > newest[p] {
			return outOfRange(&OffsetError{Partition: p, Wanted: pos, Oldest: oldest[p], Newest: newest[p]})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, pos := range positions {
		if pt := s.mu.parts[p]; pt.pos == pos {
			pt.suspect = false
		} else {
			poke(s.wake) // moved meanwhile: look again
		}
	}
	return nil
}

func outOfRange(detail *OffsetError) error {
	e := &Error{Code: CodeOffsetGone, Class: Refused, Err: detail, What: detail.Error()}
	if lost := detail.Lost(); lost > 0 {
		e.What += fmt.Sprintf(": %d offsets were deleted before they were read.", lost)
		e.Hint = fmt.Sprintf("Raise the topic's retention. To go on without them, start at offset %d.", detail.Oldest)
	} else {
		e.What += ": the log ends before it."
		e.Hint = "The topic was re-created, or lost its end in an unclean election; what was read of it may be elsewhere than it is now."
	}
	return e
}

// mark notes an error with every partition that waits for a leader.
func (s *Source) mark(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.mu.order {
		if p.lost {
			p.trouble = err
		}
	}
	s.noteRefusal(err)
}

// noteRefusal ends the Source when log-ins have been refused for a while; the
// caller holds the lock.
func (s *Source) noteRefusal(err error) {
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeAuth {
		return
	}
	if s.mu.refused.IsZero() {
		s.mu.refused = time.Now()
	} else if time.Since(s.mu.refused) > refusedFor {
		s.fail(err)
	}
}

// topics are the topics read, each once.
func (s *Source) topics() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, p := range s.mu.order {
		if len(out) == 0 || out[len(out)-1] != p.Topic {
			out = append(out, p.Topic)
		}
	}
	return out
}

// isFinal reports whether no retry can mend an error. A missing topic is not
// among them: a new one is unknown to some brokers for a moment, as is one that
// is being re-created; compare decides when it has been missing for too long.
func isFinal(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	return slices.Contains([]string{CodeOffsetGone, CodeTopicRecreated, CodeRights, CodeConfig}, e.Code)
}

// isTransient reports whether an election or a restart explains an error.
func isTransient(err error) bool {
	var code sarama.KError
	return errors.As(err, &code) && slices.Contains([]sarama.KError{
		sarama.ErrLeaderNotAvailable, sarama.ErrNotLeaderForPartition, sarama.ErrReplicaNotAvailable,
		sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch, sarama.ErrOffsetNotAvailable,
		sarama.ErrUnknownTopicOrPartition, sarama.ErrKafkaStorageError,
	}, code)
}

// pause waits; false means ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
