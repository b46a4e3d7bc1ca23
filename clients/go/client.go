// Package waggle publishes to and consumes from a Waggle event bus over HTTP. It needs the standard library only.
package waggle

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Client speaks to a server that "waggle serve" runs. Its methods may be called by any number of goroutines at once. A request
// that could not be sent, or that the server asks to send again, is sent again until the context ends.
type Client struct {
	// URL is the server's address; "http://127.0.0.1:4600" where it is empty.
	URL string
	// Token is sent as a bearer token where it is not empty.
	Token string
	// Source is the source of drafts that have none.
	Source string
	// HTTP sends the requests; http.DefaultClient where it is nil. Its timeout must be longer than a pull waits.
	HTTP *http.Client
}

// Draft is an event before it is published. Type and Data are needed.
type Draft struct {
	// ID is the event's identity: published twice under one, it is one event. Publish chooses one where it is empty.
	ID       string         `json:"id,omitempty"`
	Type     string         `json:"type"`
	Source   string         `json:"source,omitempty"`
	Time     *time.Time     `json:"time,omitempty"`
	Data     any            `json:"data"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

// Event is an event as the bus keeps it.
type Event struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Source   string          `json:"source"`
	Time     time.Time       `json:"time"`
	Data     json.RawMessage `json:"data"`
	Metadata Metadata        `json:"metadata"`
}

// Metadata is what the bus knows of an event besides its data.
type Metadata struct {
	Version       int    `json:"version"`
	CorrelationID string `json:"correlationId"`
	CausationID   string `json:"causationId,omitempty"`
	// Hops says how many events caused each other in a row, and this last.
	Hops     int      `json:"hops,omitempty"`
	AgentID  string   `json:"agentId,omitempty"`
	Priority int      `json:"priority"`
	Tags     []string `json:"tags,omitempty"`
}

// Result is what became of one draft: the event, or why it was refused.
type Result struct {
	Event *Event
	Err   error
}

// Error is an error of the bus or of the server.
type Error struct {
	// Code is one of docs/reference/errors.md, or one of the server's own.
	Code string `json:"code"`
	// Message names the thing, the value and the fix.
	Message string `json:"message"`
	// Retryable says whether the same request may succeed later.
	Retryable bool `json:"retryable"`
	// Status is the HTTP status; 0 for an item of a list.
	Status int `json:"-"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Code is the code of an error of the bus, "" for any other.
func Code(err error) string {
	var known *Error
	if errors.As(err, &known) {
		return known.Code
	}
	return ""
}

// Publish publishes drafts and gives one result for each, in their order. A draft that is refused harms no other. The error tells that
// the request failed as a whole; what it may have published by then is not published twice by a second call with the same drafts,
// which have their IDs by then.
func (c *Client) Publish(ctx context.Context, drafts ...*Draft) ([]Result, error) {
	for _, draft := range drafts {
		if draft.ID == "" {
			draft.ID = newID()
		}
		if draft.Source == "" {
			draft.Source = c.Source
		}
	}
	var answer struct {
		Results []struct {
			OK    bool   `json:"ok"`
			Event *Event `json:"event"`
			Error *Error `json:"error"`
		} `json:"results"`
	}
	if len(drafts) == 0 {
		return nil, nil
	}
	if err := c.call(ctx, http.MethodPost, "/v1/events", drafts, &answer); err != nil {
		return nil, err
	}
	if len(answer.Results) != len(drafts) {
		return nil, fmt.Errorf("waggle: %d results for %d drafts", len(answer.Results), len(drafts))
	}
	results := make([]Result, len(drafts))
	for i, one := range answer.Results {
		if one.OK {
			results[i].Event = one.Event
		} else {
			results[i].Err = one.Error
		}
	}
	return results, nil
}

// Page is one page of history; Cursor gets the next one, and is empty on the last.
type Page struct {
	Events []Event `json:"events"`
	Cursor string  `json:"cursor"`
}

// Query looks events up; the parameters are those of GET /v1/events.
func (c *Client) Query(ctx context.Context, parameters url.Values) (Page, error) {
	var page Page
	err := c.call(ctx, http.MethodGet, "/v1/events?"+parameters.Encode(), nil, &page)
	return page, err
}

// DeadLetter is a delivery that failed for good.
type DeadLetter struct {
	ID           string `json:"id"`
	Subscription string `json:"subscription"`
	Attempts     int    `json:"attempts"`
	Event        Event  `json:"event"`
	Reason       Error  `json:"reason"`
}

// DeadLetters lists the dead letters of a subscription, newest first.
func (c *Client) DeadLetters(ctx context.Context, subscription string) ([]DeadLetter, error) {
	var letters []DeadLetter
	for cursor := ""; ; {
		var page struct {
			DeadLetters []DeadLetter `json:"deadLetters"`
			Cursor      string       `json:"cursor"`
		}
		query := url.Values{"subscription": {subscription}, "cursor": {cursor}}
		if err := c.call(ctx, http.MethodGet, "/v1/dead-letters?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		letters = append(letters, page.DeadLetters...)
		if cursor = page.Cursor; cursor == "" {
			return letters, nil
		}
	}
}

// Redrive delivers dead letters again, to the subscription that each failed in.
func (c *Client) Redrive(ctx context.Context, ids ...string) error {
	return c.call(ctx, http.MethodPost, "/v1/dead-letters/redrive", map[string]any{"ids": ids}, nil)
}

// newID makes a UUID of version 4.
func newID() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		panic(err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
