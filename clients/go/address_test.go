package waggle_test

import (
	"context"
	"strings"
	"testing"
	"time"

	waggle "wagglebus/waggle"
)

func TestAnAddressThatIsNoneIsRefusedRatherThanTriedAgain(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, address := range []string{"127.0.0.1:4600", "localhost:4600", "htp://localhost", "http://", "http://a b"} {
		client := &waggle.Client{URL: address}
		_, queried := client.Query(ctx, nil)
		tailed := client.Tail(ctx, nil, func(waggle.Event) error { return nil })
		for _, err := range []error{queried, tailed} {
			if err == nil || !strings.Contains(err.Error(), "Client.URL must be an address") {
				t.Errorf("%q: %v", address, err)
			}
		}
	}
}
