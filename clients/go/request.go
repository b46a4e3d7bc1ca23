package waggle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

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
