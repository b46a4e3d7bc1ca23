package waggle_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	waggle "wagglebus/waggle"
)

func readOrders(ctx context.Context, client *waggle.Client) error {
	settings := waggle.Subscription{On: []string{"custom.order.*"}, Ordered: "data.orderId", AckTimeout: "1m"}
	if err := client.PutSubscription(ctx, "billing", settings); err != nil {
		return err
	}
	order := &waggle.Draft{Type: "custom.order.placed", Data: map[string]any{"orderId": "42"}}
	if _, err := client.Publish(ctx, order); err != nil {
		return err
	}
	for message := range client.Consume(ctx, "billing", 10, func(err error) { log.Print(err) }) {
		fmt.Println(message.Event.Type, string(message.Event.Data))
		if err := message.Ack(ctx); err != nil {
			log.Print(err) // its time was over: it comes again
		}
	}
	return ctx.Err()
}

func Example() {
	// What a server answers, in short: it has one delivery, and a pull after that waits for as long as its client does.
	deliveries := make(chan string, 1)
	deliveries <- `{"receipt":"r","attempt":1,"event":{"id":"1","type":"custom.order.placed","data":{"orderId":"42"}}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/pull"):
			// Only once it has read the body does a server hear that the client is gone.
			_, _ = io.Copy(io.Discard, r.Body)
			select {
			case delivery := <-deliveries:
				fmt.Fprintf(w, `{"deliveries":[%s]}`, delivery)
			case <-r.Context().Done():
			}
		case strings.HasSuffix(r.URL.Path, "/settle"):
			fmt.Fprint(w, `{"results":[{"receipt":"r","ok":true}]}`)
		case r.URL.Path == "/v1/events":
			fmt.Fprint(w, `{"results":[{"ok":true,"event":{"id":"1"}}]}`)
		default:
			fmt.Fprint(w, `{"created":true,"changed":[]}`)
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	settled := &waggle.Client{URL: server.URL, HTTP: &http.Client{Transport: stopAfter{cancel}}}
	_ = readOrders(ctx, settled)
	// Output: custom.order.placed {"orderId":"42"}
}

// stopAfter ends a consumer once it has settled.
type stopAfter struct{ stop func() }

func (s stopAfter) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/settle") {
		defer s.stop()
	}
	return http.DefaultTransport.RoundTrip(r)
}
