package waggle_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	waggle "wagglebus/waggle"
)

// answers is a server that gives these answers one after the other, and then an empty page.
func answers(t *testing.T, statuses []int, header http.Header) (*waggle.Client, *int) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if asked > len(statuses) {
			w.Write([]byte(`{"events":[]}`))
			return
		}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(statuses[asked-1])
	}))
	t.Cleanup(server.Close)
	return &waggle.Client{URL: server.URL}, &asked
}

func TestWhatAProxyOrABusyServerAnswersIsTriedAgain(t *testing.T) {
	for _, after := range []string{"", "0", "-5", "soon", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)} {
		client, asked := answers(t, []int{502, 503, 504, 429}, http.Header{"Retry-After": {after}})
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		_, err := client.Query(ctx, nil)
		cancel()
		if err != nil || *asked != 5 {
			t.Errorf("Retry-After %q: asked %d times, %v", after, *asked, err)
		}
	}
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	for _, after := range []string{"3600", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		client, asked := answers(t, []int{503}, http.Header{"Retry-After": {after}})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := client.Query(ctx, nil)
		cancel()
		if err != context.DeadlineExceeded || *asked != 1 {
			t.Errorf("Retry-After %q: asked %d times, %v", after, *asked, err)
		}
	}
}

func TestWhatWillNotChangeIsNotTriedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 409, 500, 501} {
		client, asked := answers(t, []int{status}, nil)
		if _, err := client.Query(context.Background(), nil); err == nil || *asked != 1 {
			t.Errorf("%d: asked %d times, %v", status, *asked, err)
		}
	}
}
