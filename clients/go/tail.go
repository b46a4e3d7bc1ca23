package waggle

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Tail follows the bus: it calls receive for each event as it comes, in order, and goes on after a broken connection without a gap and without
// an event twice. It ends with the context, with an error of receive, or with one that trying again does not mend. The parameters are those of GET /v1/tail.
func (c *Client) Tail(ctx context.Context, parameters url.Values, receive func(Event) error) error {
	last := ""
	for pause := 50 * time.Millisecond; ; pause = longer(pause) {
		before := last
		err := c.follow(ctx, parameters, &last, receive)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if last != before {
			pause = 50 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// follow reads one connection; no error where another may go on.
func (c *Client) follow(ctx context.Context, parameters url.Values, last *string, receive func(Event) error) error {
	header := http.Header{"Accept": {"text/event-stream"}}
	if *last != "" {
		header.Set("Last-Event-ID", *last)
	}
	response, err := c.send(ctx, http.MethodGet, "/v1/tail?"+parameters.Encode(), nil, header)
	if errors.Is(err, errNoAddress) {
		return err
	}
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		body, _ := io.ReadAll(response.Body)
		if retryAfter(response) >= 0 {
			return nil
		}
		return problem(response, body)
	}
	// A line may be as long as an event: a Scanner would give up at 64 KiB.
	lines := bufio.NewReader(response.Body)
	id, kind, data := "", "", []string{}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil
		}
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			id = value
		case "event":
			kind = value
		case "data":
			data = append(data, value)
		case "":
			if value != "" || line[0] == ':' {
				continue
			}
			if len(data) > 0 && (kind == "" || kind == "message") {
				var event Event
				if err := json.Unmarshal([]byte(strings.Join(data, "\n")), &event); err != nil {
					return fmt.Errorf("waggle: an event of the stream is not JSON: %w", err)
				}
				if err := receive(event); err != nil {
					return err
				}
			}
			// Only now: what receive did not finish comes again.
			if id != "" {
				*last = id
			}
			kind, data = "", nil
		}
	}
}
