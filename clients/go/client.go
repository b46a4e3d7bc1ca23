// Package waggle publishes to and consumes from a Waggle event bus over HTTP. It needs the standard library only.
package waggle

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
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
	Version       int      `json:"version"`
	CorrelationID string   `json:"correlationId"`
	CausationID   string   `json:"causationId,omitempty"`
	AgentID       string   `json:"agentId,omitempty"`
	Priority      int      `json:"priority"`
	Tags          []string `json:"tags,omitempty"`
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

// call sends a request until it is answered, and reads the answer into result, where that is not nil.
func (c *Client) call(ctx context.Context, method, path string, body, result any) error {
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
	}
	for pause := 50 * time.Millisecond; ; pause = longer(pause) {
		after, err := c.once(ctx, method, path, sent, result)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if after < 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(after + pause):
		}
	}
}

// longer is the next pause between two tries.
func longer(pause time.Duration) time.Duration {
	if pause < time.Second {
		return 2 * pause
	}
	return pause
}

// once sends a request once. The duration says how long to wait before it may be sent again; below 0, it is of no use.
func (c *Client) once(ctx context.Context, method, path string, body []byte, result any) (time.Duration, error) {
	response, err := c.send(ctx, method, path, body, nil)
	if errors.Is(err, errNoAddress) {
		return -1, err
	}
	if err != nil {
		// Nobody listens, or the connection broke: the server is being started anew.
		return 0, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode >= 400 {
		return retryAfter(response), problem(response, read)
	}
	if result == nil || response.StatusCode == http.StatusNoContent {
		return 0, nil
	}
	if err := json.Unmarshal(read, result); err != nil {
		return -1, fmt.Errorf("waggle: %s %s: %w", method, path, err)
	}
	return 0, nil
}

// errNoAddress is of a request that can never be sent.
var errNoAddress = errors.New("waggle: Client.URL must be an address such as http://127.0.0.1:4600")

func (c *Client) send(ctx context.Context, method, path string, body []byte, header http.Header) (*http.Response, error) {
	base := c.URL
	if base == "" {
		base = "http://127.0.0.1:4600"
	}
	request, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errNoAddress, err)
	}
	if scheme := request.URL.Scheme; scheme != "http" && scheme != "https" || request.URL.Host == "" {
		return nil, fmt.Errorf("%w: %q", errNoAddress, base)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	return client.Do(request)
}

// retryAfter is how long to wait where a request may be sent again: the server is busy or is closing, or a proxy has none. Below 0
// where it may not.
func retryAfter(response *http.Response) time.Duration {
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return -1
	}
	header := response.Header.Get("Retry-After")
	wait := time.Duration(0)
	if at, err := http.ParseTime(header); err == nil {
		wait = time.Until(at)
	} else if seconds, err := strconv.Atoi(header); err == nil {
		wait = time.Duration(seconds) * time.Second
	}
	if wait < 0 {
		return 0
	}
	return wait
}

func problem(response *http.Response, body []byte) error {
	var read struct {
		Code      string `json:"code"`
		Detail    string `json:"detail"`
		Retryable bool   `json:"retryable"`
	}
	if json.Unmarshal(body, &read) != nil || read.Code == "" {
		return &Error{Code: "unavailable", Message: "the answer is not of a Waggle server: " + response.Status, Status: response.StatusCode}
	}
	return &Error{Code: read.Code, Message: read.Detail, Retryable: read.Retryable, Status: response.StatusCode}
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
