package waggle_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	waggle "wagglebus/waggle"
)

func TestAConsumerThatClosesHandsBackWhatItHasNotBegun(t *testing.T) {
	s, ctx := serve(t)
	s.put(ctx, "readers", waggle.Subscription{Attempts: 1, Concurrency: 100})
	s.publish(ctx, drafts("k", 0, 100)...)
	seen := map[int]bool{}
	for len(seen) < 100 {
		check(t, ctx.Err())
		pulled := &countPulled{}
		client := *s.client
		client.HTTP = &http.Client{Transport: pulled}
		consume, stop := context.WithCancel(ctx)
		taken := 0
		for message := range client.Consume(consume, "readers", 30, func(err error) { t.Error(err) }) {
			check(t, message.Ack(ctx))
			seen[read(t, message).N] = true
			taken++
			// In the middle of what it has pulled: while that lasts, no other pull is under way.
			if len(seen) == 100 || (taken >= 10 && int(atomic.LoadInt64(&pulled.count)) > taken) {
				break
			}
		}
		stop()
	}
}

// countPulled counts the messages that pulls were answered with.
type countPulled struct{ count int64 }

func (c *countPulled) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/pull") {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	atomic.AddInt64(&c.count, int64(bytes.Count(body, []byte(`"receipt":`))))
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
