package waggle_test

import (
	"testing"
	"time"

	waggle "wagglebus/waggle"
)

func TestReceiptsOfAKilledServerAreUnknownAndTheirDeliveriesComeAgain(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{})
	s.publish(ctx, drafts("k", 0, 1)...)
	message := s.pullOne(ctx, "readers")
	s.kill()
	s.start()
	if err := message.Ack(ctx); waggle.Code(err) != "not_found" {
		t.Errorf("not not_found: %v", err)
	}
	again := s.pullOne(ctx, "readers")
	if again.Event.ID != message.Event.ID || again.Attempt != 2 {
		t.Errorf("attempt %d of %s came", again.Attempt, again.Event.ID)
	}
	check(t, again.Ack(ctx))
}

func TestWhatFailsComesAgainOrBecomesADeadLetter(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{Attempts: 2})
	s.publish(ctx, drafts("tired", 0, 1)...)
	check(t, s.pullOne(ctx, "readers").Nack(ctx, "first"))
	second := s.pullOne(ctx, "readers")
	if second.Attempt != 2 {
		t.Errorf("attempt %d", second.Attempt)
	}
	check(t, second.Retry(ctx, time.Millisecond, "second"))
	s.publish(ctx, drafts("poison", 0, 1)...)
	check(t, s.pullOne(ctx, "readers").Reject(ctx, "never"))
	letters, err := s.client.DeadLetters(ctx, "readers")
	check(t, err)
	if len(letters) != 2 {
		t.Fatalf("%d dead letters", len(letters))
	}
	poison, tired := letters[0], letters[1]
	if poison.Reason.Message != "never" || poison.Attempts != 1 || tired.Reason.Message != "second" || tired.Attempts != 2 {
		t.Errorf("other dead letters: %+v", letters)
	}
	check(t, s.client.Redrive(ctx, tired.ID))
	redriven := s.pullOne(ctx, "readers")
	if !redriven.Redriven || redriven.Attempt != 1 || redriven.Event.ID != tired.Event.ID {
		t.Errorf("another one was redriven: %+v", redriven)
	}
	check(t, redriven.Ack(ctx))
}

func TestWhatIsReleasedComesAgainAndTheAttemptDoesNotCount(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{Attempts: 1})
	s.publish(ctx, drafts("k", 0, 1)...)
	for range [3]int{} {
		message := s.pullOne(ctx, "readers")
		if message.Attempt != 1 {
			t.Errorf("attempt %d", message.Attempt)
		}
		check(t, message.Release(ctx))
	}
	check(t, s.pullOne(ctx, "readers").Ack(ctx))
}

func TestWhatIsNotAcknowledgedInTimeComesAgain(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{AckTimeout: "200ms", Attempts: 100})
	s.publish(ctx, drafts("k", 0, 1)...)
	lost := s.pullOne(ctx, "readers")
	again := s.pullOne(ctx, "readers")
	if again.Attempt != lost.Attempt+1 {
		t.Errorf("attempt %d after %d", again.Attempt, lost.Attempt)
	}
	// On a busy machine its time may be over before it is extended.
	for again.Extend(ctx, 10*time.Minute) != nil {
		again = s.pullOne(ctx, "readers")
	}
	if err := lost.Ack(ctx); waggle.Code(err) != "not_found" {
		t.Errorf("the receipt of a delivery whose time was over: %v", err)
	}
	check(t, again.Ack(ctx))
}

func TestSettledTwiceAndSettledOtherwise(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{})
	s.publish(ctx, drafts("k", 0, 1)...)
	message := s.pullOne(ctx, "readers")
	check(t, message.Ack(ctx))
	check(t, message.Ack(ctx))
	for name, err := range map[string]error{"nack": message.Nack(ctx, ""), "reject": message.Reject(ctx, ""), "extend": message.Extend(ctx, time.Second)} {
		if waggle.Code(err) != "conflict" {
			t.Errorf("%s after ack: %v", name, err)
		}
	}
}
