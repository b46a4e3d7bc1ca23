package waggle

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Subscription is the settings of a subscription; what is empty has the server's default. Durations are text such as "30s".
type Subscription struct {
	// On are the types that it receives; "*" in a type stands for anything.
	On []string `json:"on"`
	// Where is an EventBridge pattern that the events must match too.
	Where map[string]any `json:"where,omitempty"`
	// Attempts is how often a delivery is tried before it is a dead letter: 1 to 100.
	Attempts int `json:"attempts,omitempty"`
	// Backoff is the pause before the second attempt, and the longest between two.
	Backoff *Backoff `json:"backoff,omitempty"`
	// AckTimeout is how long a consumer has for a delivery.
	AckTimeout string `json:"ackTimeout,omitempty"`
	// Concurrency is how many deliveries all consumers have in hand together: 1 to 1,000, by default 10.
	Concurrency int `json:"concurrency,omitempty"`
	// Ordered is the path of a key, such as "data.orderId": events of one key come one at a time, in order.
	Ordered string `json:"ordered,omitempty"`
	// From is where a new subscription begins: "now", "beginning", or a time.
	From string `json:"from,omitempty"`
}

// Backoff is how long the pauses between attempts are.
type Backoff struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// PutSubscription creates a subscription or changes its settings; it collects from then on, whether somebody pulls or not. Consumers of one name
// share its deliveries; subscriptions of different names each get all that they match.
func (c *Client) PutSubscription(ctx context.Context, name string, settings Subscription) error {
	return c.call(ctx, http.MethodPut, subscriptionPath(name), settings, nil)
}

// DeleteSubscription deletes a subscription and its undelivered deliveries.
func (c *Client) DeleteSubscription(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, subscriptionPath(name), nil, nil)
}

// Message is a delivery. It has to be settled before AckBy, in one way.
type Message struct {
	Event    Event     `json:"event"`
	Receipt  string    `json:"receipt"`
	Attempt  int       `json:"attempt"`
	Redriven bool      `json:"redriven"`
	AckBy    time.Time `json:"ackBy"`

	client       *Client
	subscription string
}

// Pull takes up to max deliveries (1 to 1,000), and waits up to a minute for the first.
func (c *Client) Pull(ctx context.Context, name string, max int, wait time.Duration) ([]*Message, error) {
	var answer struct {
		Deliveries []*Message `json:"deliveries"`
	}
	body := map[string]any{"max": max, "waitMs": wait.Milliseconds()}
	if err := c.call(ctx, http.MethodPost, subscriptionPath(name)+"/pull", body, &answer); err != nil {
		return nil, err
	}
	for _, message := range answer.Deliveries {
		message.client, message.subscription = c, name
	}
	return answer.Deliveries, nil
}

// Consume pulls messages into a channel until the context ends, up to ahead of them before they are read; then the channel is closed. What
// has been pulled and nobody reads by then is handed back at once; where the context ends while the answer to a pull is on its way, what is
// in that comes again after the AckTimeout. A server that is away is waited for; an error that waiting does not fix is given to failed.
func (c *Client) Consume(ctx context.Context, name string, ahead int, failed func(error)) <-chan *Message {
	messages := make(chan *Message)
	go func() {
		defer close(messages)
		for ctx.Err() == nil {
			pulled, err := c.Pull(ctx, name, ahead, 30*time.Second)
			if err != nil {
				if ctx.Err() == nil {
					failed(err)
				}
				return
			}
			for i, message := range pulled {
				// Where both can go on, select takes either: nothing is handed over after the end.
				if ctx.Err() != nil {
					giveBack(pulled[i:])
					return
				}
				select {
				case messages <- message:
				case <-ctx.Done():
					giveBack(pulled[i:])
					return
				}
			}
		}
	}()
	return messages
}

func giveBack(messages []*Message) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, message := range messages {
		// Where it fails, the message returns by itself after its time.
		_ = message.Release(ctx)
	}
}

// Ack says that the message is done.
func (m *Message) Ack(ctx context.Context) error { return m.settle(ctx, "ack", m.Receipt) }

// Nack says that it failed: it comes again after the backoff, or is a dead letter where this was the last attempt.
func (m *Message) Nack(ctx context.Context, reason string) error {
	return m.settle(ctx, "retry", map[string]any{"receipt": m.Receipt, "error": reason})
}

// Retry says that it failed, and that it may come again after a delay.
func (m *Message) Retry(ctx context.Context, delay time.Duration, reason string) error {
	return m.settle(ctx, "retry", map[string]any{"receipt": m.Receipt, "delayMs": delay.Milliseconds(), "error": reason})
}

// Reject says that it failed for good: it is a dead letter at once.
func (m *Message) Reject(ctx context.Context, reason string) error {
	return m.settle(ctx, "reject", map[string]any{"receipt": m.Receipt, "error": reason})
}

// Extend asks for more time, from now.
func (m *Message) Extend(ctx context.Context, by time.Duration) error {
	return m.settle(ctx, "extend", map[string]any{"receipt": m.Receipt, "ms": by.Milliseconds()})
}

// Release hands it back, not begun: it comes again at once, and the attempt does not count.
func (m *Message) Release(ctx context.Context) error { return m.settle(ctx, "release", m.Receipt) }

func (m *Message) settle(ctx context.Context, how string, item any) error {
	var answer struct {
		Results []struct {
			OK    bool   `json:"ok"`
			Error *Error `json:"error"`
		} `json:"results"`
	}
	if err := m.client.call(ctx, http.MethodPost, subscriptionPath(m.subscription)+"/settle", map[string]any{how: []any{item}}, &answer); err != nil {
		return err
	}
	if len(answer.Results) != 1 {
		return fmt.Errorf("waggle: %d results for one receipt", len(answer.Results))
	}
	if result := answer.Results[0]; !result.OK {
		return result.Error
	}
	return nil
}

func subscriptionPath(name string) string { return "/v1/subscriptions/" + url.PathEscape(name) }
