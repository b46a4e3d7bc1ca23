package waggle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	waggle "wagglebus/waggle"
)

// server is a "waggle serve" of its own, on a file of its own, that a test may kill and start again.
type server struct {
	t       *testing.T
	client  *waggle.Client
	folder  string
	port    int
	process *exec.Cmd
}

// command is how the tests start the server: a JSON list in WAGGLE_COMMAND, else waggle of the PATH.
func command() []string {
	words := []string{"waggle"}
	if given := os.Getenv("WAGGLE_COMMAND"); given != "" {
		if err := json.Unmarshal([]byte(given), &words); err != nil {
			panic("WAGGLE_COMMAND is not a JSON list of words: " + err.Error())
		}
	}
	return words
}

var portLock sync.Mutex
var lastPort = 20000 + os.Getpid()%10000

// freePort is one that no system gives out by itself, so that nobody takes it while a killed server is started again.
func freePort(t *testing.T) int {
	portLock.Lock()
	defer portLock.Unlock()
	for tries := 0; tries < 1000; tries++ {
		lastPort++
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lastPort))
		if err == nil {
			check(t, listener.Close())
			return lastPort
		}
	}
	t.Fatal("no port is free")
	return 0
}

// serve starts a server, with the end of the test as its end.
func serve(t *testing.T) (*server, context.Context) {
	t.Helper()
	t.Parallel()
	s := &server{t: t, folder: t.TempDir(), port: freePort(t)}
	s.client = &waggle.Client{URL: fmt.Sprintf("http://127.0.0.1:%d", s.port), Source: "go-test"}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	s.start()
	t.Cleanup(func() {
		cancel()
		s.kill()
	})
	return s, ctx
}

func (s *server) start() {
	s.t.Helper()
	words := command()
	args := append(words[1:], "serve", "--port", fmt.Sprint(s.port), "--file", filepath.Join(s.folder, "bus.db"))
	s.process = exec.Command(words[0], args...)
	s.process.Dir = s.folder
	s.process.Stderr = os.Stderr
	check(s.t, s.process.Start())
}

// kill ends the server as a crash of the machine would.
func (s *server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put makes a subscription that retries at once, and whose deliveries return by themselves only where a test says so.
func (s *server) put(ctx context.Context, name string, settings waggle.Subscription) {
	s.t.Helper()
	if settings.On == nil {
		settings.On = []string{"custom.*"}
	}
	if settings.Backoff == nil {
		settings.Backoff = &waggle.Backoff{From: "1ms", To: "1ms"}
	}
	if settings.AckTimeout == "" {
		settings.AckTimeout = "10m"
	}
	check(s.t, s.client.PutSubscription(ctx, name, settings))
}

type payload struct {
	Key string `json:"key"`
	N   int    `json:"n"`
}

func drafts(key string, from, to int) []*waggle.Draft {
	var list []*waggle.Draft
	for n := from; n < to; n++ {
		list = append(list, &waggle.Draft{Type: "custom.numbered", Data: payload{key, n}})
	}
	return list
}

func (s *server) publish(ctx context.Context, list ...*waggle.Draft) {
	s.t.Helper()
	results, err := s.client.Publish(ctx, list...)
	check(s.t, err)
	for _, result := range results {
		check(s.t, result.Err)
	}
}

func read(t *testing.T, message *waggle.Message) payload {
	t.Helper()
	var data payload
	check(t, json.Unmarshal(message.Event.Data, &data))
	return data
}

// pullOne waits for one message, however many pulls that takes.
func (s *server) pullOne(ctx context.Context, name string) *waggle.Message {
	s.t.Helper()
	for {
		messages, err := s.client.Pull(ctx, name, 1, time.Minute)
		check(s.t, err)
		if len(messages) == 1 {
			return messages[0]
		}
	}
}
