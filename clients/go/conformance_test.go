package waggle_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	waggle "wagglebus/waggle"
)

// The pub/sub contract that consumers in Go know, over HTTP against a server in a process of its own.

func TestWhatIsPublishedIsReceivedAsItWas(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{Concurrency: 100})
	when := time.Date(2026, 1, 31, 12, 0, 0, 123456789, time.FixedZone("", 7200))
	draft := &waggle.Draft{ID: "orders/42", Type: "custom.order.placed", Source: "shop", Time: &when,
		Data:     map[string]any{"text": "grüße", "none": nil, "list": []any{}},
		Metadata: map[string]any{"correlationId": "flow", "priority": 3, "tags": []string{"a"}}}
	s.publish(ctx, draft)
	message := s.pullOne(ctx, "readers")
	event := message.Event
	if event.ID != draft.ID || event.Type != draft.Type || event.Source != "shop" || !event.Time.Equal(when) {
		t.Fatalf("another envelope: %+v", event)
	}
	if data := string(event.Data); data != `{"list":[],"none":null,"text":"grüße"}` {
		t.Fatalf("other data: %s", data)
	}
	if m := event.Metadata; m.CorrelationID != "flow" || m.Priority != 3 || len(m.Tags) != 1 || message.Attempt != 1 {
		t.Fatalf("other metadata: %+v, attempt %d", m, message.Attempt)
	}
	check(t, message.Ack(ctx))
}

func TestSeveralPullersShareASubscriptionAndEachGroupGetsAll(t *testing.T) {
	s, ctx := serve(t)
	const count = 300
	for _, group := range []string{"billing", "shipping"} {
		s.put(ctx, group, waggle.Subscription{Concurrency: 100})
	}
	for from := 0; from < count; from += 100 {
		s.publish(ctx, drafts("k", from, from+100)...)
	}
	for _, group := range []string{"billing", "shipping"} {
		consume, stop := context.WithCancel(ctx)
		var lock sync.Mutex
		seen := map[int]int{}
		var pullers sync.WaitGroup
		for puller := 0; puller < 5; puller++ {
			pullers.Add(1)
			go func() {
				defer pullers.Done()
				for message := range s.client.Consume(consume, group, 10, func(err error) { t.Error(err) }) {
					if err := message.Ack(ctx); err != nil {
						t.Error(err)
					}
					n := read(t, message).N
					lock.Lock()
					seen[n]++
					if len(seen) == count {
						stop()
					}
					lock.Unlock()
				}
			}()
		}
		pullers.Wait()
		stop()
		for n, times := range seen {
			if times != 1 {
				t.Errorf("%s: %d came %d times", group, n, times)
			}
		}
		if len(seen) != count {
			t.Errorf("%s: %d of %d came", group, len(seen), count)
		}
	}
}

func TestEventsOfAKeyKeepTheirOrderAlsoWhileOneIsRetried(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{Ordered: "data.key", Concurrency: 20})
	const each = 20
	keys := []string{"a", "b", "c", "d"}
	for n := 0; n < each; n++ {
		for _, key := range keys {
			s.publish(ctx, drafts(key, n, n+1)...)
		}
	}
	consume, stop := context.WithCancel(ctx)
	defer stop()
	var lock sync.Mutex
	next, left := map[string]int{}, each*len(keys)
	var pullers sync.WaitGroup
	for puller := 0; puller < 4; puller++ {
		pullers.Add(1)
		go func() {
			defer pullers.Done()
			for message := range s.client.Consume(consume, "readers", 5, func(err error) { t.Error(err) }) {
				data := read(t, message)
				lock.Lock()
				if data.N != next[data.Key] {
					t.Errorf("key %s: %d came instead of %d", data.Key, data.N, next[data.Key])
				}
				fails := data.N%7 == 3 && message.Attempt == 1
				if !fails {
					next[data.Key]++
					left--
				}
				if left == 0 {
					stop()
				}
				lock.Unlock()
				settle := message.Ack
				if fails {
					settle = func(ctx context.Context) error { return message.Nack(ctx, "not yet") }
				}
				if err := settle(ctx); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	pullers.Wait()
	if left != 0 {
		t.Errorf("%d did not come", left)
	}
}

func TestNothingIsLostWhenTheServerIsKilled(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{Concurrency: 50})
	s.publish(ctx, drafts("before", 0, 50)...)
	acknowledged := map[payload]bool{}
	first, err := s.client.Pull(ctx, "readers", 20, time.Minute)
	check(t, err)
	for i, message := range first {
		// The rest is in hand when the server is killed.
		if i%2 == 0 {
			check(t, message.Ack(ctx))
			acknowledged[read(t, message)] = true
		}
	}
	consume, stop := context.WithCancel(ctx)
	defer stop()
	published := make(chan struct{})
	s.kill()
	go func() {
		defer close(published)
		// It is away, and this waits for it.
		s.publish(ctx, drafts("after", 0, 50)...)
	}()
	s.start()
	for message := range s.client.Consume(consume, "readers", 50, func(err error) { t.Error(err) }) {
		data := read(t, message)
		if acknowledged[data] {
			t.Errorf("%v came after it was acknowledged", data)
		}
		check(t, message.Ack(ctx))
		acknowledged[data] = true
		if len(acknowledged) == 100 {
			stop()
		}
	}
	<-published
	if len(acknowledged) != 100 {
		t.Errorf("%d of 100 came", len(acknowledged))
	}
}

func TestANewSubscriptionMayBeginWithHistory(t *testing.T) {
	s, ctx := serve(t)
	s.publish(ctx, drafts("old", 0, 5)...)
	s.put(ctx, "late", waggle.Subscription{From: "beginning"})
	s.put(ctx, "later", waggle.Subscription{})
	s.publish(ctx, drafts("new", 5, 6)...)
	for n := 0; n < 6; n++ {
		message := s.pullOne(ctx, "late")
		if data := read(t, message); data.N != n {
			t.Errorf("%v came instead of %d", data, n)
		}
		check(t, message.Ack(ctx))
	}
	if data := read(t, s.pullOne(ctx, "later")); data.N != 5 {
		t.Errorf("%v came to a subscription from now", data)
	}
}

func TestPublishedTwiceUnderOneIDItIsOneEvent(t *testing.T) {
	s, ctx := serve(t)
	list := drafts("k", 0, 3)
	s.publish(ctx, list...)
	s.publish(ctx, list...)
	page, err := s.client.Query(ctx, url.Values{"type": {"custom.numbered"}})
	check(t, err)
	if len(page.Events) != 3 || page.Cursor != "" {
		t.Errorf("%d events, cursor %q", len(page.Events), page.Cursor)
	}
	other := &waggle.Draft{ID: list[0].ID, Type: "custom.numbered", Data: payload{"other", 9}}
	results, err := s.client.Publish(ctx, other, &waggle.Draft{Type: "unknown.type", Data: payload{}}, &waggle.Draft{Type: "custom.a", Data: payload{}})
	check(t, err)
	if waggle.Code(results[0].Err) != "conflict" || waggle.Code(results[1].Err) != "unknown_type" || results[2].Err != nil {
		t.Errorf("other results: %+v", results)
	}
}

func TestADeletedSubscriptionEndsWhoWaitsForIt(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{})
	ended := make(chan error, 1)
	go func() {
		for range s.client.Consume(ctx, "readers", 1, func(err error) { ended <- err }) {
		}
	}()
	check(t, s.client.DeleteSubscription(ctx, "readers"))
	if err := <-ended; waggle.Code(err) != "not_found" {
		t.Errorf("not not_found: %v", err)
	}
	if err := s.client.DeleteSubscription(ctx, "readers"); waggle.Code(err) != "not_found" {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestManyConnectionsWaitAtOnce(t *testing.T) {
	s, ctx := serve(t)
	const pullers = 150
	s.put(ctx, "readers", waggle.Subscription{Concurrency: pullers})
	got := make(chan *waggle.Message, pullers)
	for puller := 0; puller < pullers; puller++ {
		go func() {
			message := s.pullOne(ctx, "readers")
			if err := message.Ack(ctx); err != nil {
				t.Error(err)
			}
			got <- message
		}()
	}
	s.publish(ctx, drafts("k", 0, pullers)...)
	seen := map[int]bool{}
	for len(seen) < pullers {
		select {
		case message := <-got:
			seen[read(t, message).N] = true
		case <-ctx.Done():
			t.Fatalf("%d of %d came", len(seen), pullers)
		}
	}
}

func TestATailGoesOnWithoutAGapWhereTheServerIsKilled(t *testing.T) {
	s, ctx := serve(t)
	enough := errors.New("enough")
	var seen []string
	live := make(chan struct{}, 100)
	done := make(chan error, 1)
	go func() {
		done <- s.client.Tail(ctx, url.Values{"type": {"custom.*"}, "since": {"2020-01-01T00:00:00Z"}}, func(event waggle.Event) error {
			seen = append(seen, event.ID)
			live <- struct{}{}
			if strings.HasPrefix(event.ID, "last") {
				return enough
			}
			return nil
		})
	}()
	var want []string
	send := func(id string) {
		want = append(want, id)
		s.publish(ctx, &waggle.Draft{ID: id, Type: "custom.a", Data: payload{}})
	}
	send("first")
	<-live
	s.kill()
	s.start()
	send("second")
	<-live
	send("last")
	if err := <-done; !errors.Is(err, enough) {
		t.Fatal(err)
	}
	if strings.Join(seen, " ") != strings.Join(want, " ") {
		t.Errorf("%v came instead of %v", seen, want)
	}
}

func TestWrongCallsAreRefusedByTheirCode(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{})
	_, tooMany := s.client.Pull(ctx, "readers", 1001, 0)
	_, tooLong := s.client.Pull(ctx, "readers", 1, 61*time.Second)
	_, nobody := s.client.Pull(ctx, "nobody", 1, 0)
	name := s.client.PutSubscription(ctx, "Bad_Name", waggle.Subscription{On: []string{"*"}})
	none := s.client.PutSubscription(ctx, "readers", waggle.Subscription{})
	for what, got := range map[string][2]string{
		"too many":        {waggle.Code(tooMany), "invalid_config"},
		"too long":        {waggle.Code(tooLong), "invalid_config"},
		"no subscription": {waggle.Code(nobody), "not_found"},
		"a bad name":      {waggle.Code(name), "invalid_config"},
		"no types":        {waggle.Code(none), "invalid_config"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q instead of %q", what, got[0], got[1])
		}
	}
}
