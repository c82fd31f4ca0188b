// Takes the place of the Cloud SQL Auth Proxy in a test: the same arguments, the same health endpoints, no Google.
//
// The instance `namespace:local:service` is the Service of that name, on Postgres' port, in the test's own cluster. An
// argument that the real one does not know is refused, as by the real one.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	structuredLogs  = flag.Bool("structured-logs", false, "log as JSON")
	port            = flag.Int("port", 0, "port of the first instance")
	_               = flag.Bool("private-ip", false, "connect to the private address")
	healthCheck     = flag.Bool("health-check", false, "serve /startup, /readiness and /liveness")
	httpAddress     = flag.String("http-address", "localhost", "address of the health checks")
	httpPort        = flag.String("http-port", "9090", "port of the health checks")
	exitZero        = flag.Bool("exit-zero-on-sigterm", false, "end with 0 on SIGTERM")
	credentialsFile = flag.String("credentials-file", "", "key of a service account")
)

func main() {
	flag.Parse()
	if err := run(flag.Args()); err != nil {
		say("ERROR", "The proxy has encountered a terminal error: %v", err)
		os.Exit(1)
	}
	if !*exitZero {
		os.Exit(143)
	}
}

func run(instances []string) error {
	if len(instances) != 1 {
		return fmt.Errorf("there are %d instances, and not one", len(instances))
	}
	target, err := addressOf(instances[0])
	if err != nil {
		return err
	}
	if *credentialsFile != "" {
		if err := checkKey(*credentialsFile); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	say("INFO", "[%s] Listening on %s", instances[0], listener.Addr())

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	var started atomic.Bool
	if *healthCheck {
		go serveHealth(&started)
	}
	go func() {
		<-ctx.Done()
		listener.Close()
	}()
	started.Store(true)
	say("INFO", "The proxy has started successfully and is ready for new connections!")
	for {
		connection, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			say("INFO", "SIGTERM signal received. Shutting down...")
			return nil
		}
		if err != nil {
			return err
		}
		go carry(connection, target)
	}
}

// The connection name has three parts or, in a project of an organisation's domain, four.
func addressOf(instance string) (string, error) {
	parts := strings.Split(instance, ":")
	if len(parts) != 3 || parts[1] != "local" {
		return "", fmt.Errorf("invalid instance connection name %q", instance)
	}
	return fmt.Sprintf("%s.%s.svc.cluster.local:5432", parts[2], parts[0]), nil
}

func checkKey(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var key map[string]any
	return json.Unmarshal(content, &key)
}

func serveHealth(started *atomic.Bool) {
	alive := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
	mux := http.NewServeMux()
	mux.HandleFunc("/liveness", alive)
	for _, path := range []string{"/startup", "/readiness"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			if !started.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
	}
	address := net.JoinHostPort(*httpAddress, *httpPort)
	say("INFO", "Starting health check server at %s", address)
	if err := http.ListenAndServe(address, mux); err != nil {
		say("ERROR", "health check server: %v", err)
		os.Exit(1)
	}
}

// One connection of the client, carried to the instance until either side ends it.
func carry(client net.Conn, target string) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", target, 10*time.Second)
	if err != nil {
		say("ERROR", "failed to connect to instance: %v", err)
		return
	}
	defer server.Close()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			io.Copy(way[1], way[0])
			done <- struct{}{}
		}()
	}
	<-done
}

func say(severity, format string, values ...any) {
	message := fmt.Sprintf(format, values...)
	if !*structuredLogs {
		fmt.Fprintln(os.Stderr, message)
		return
	}
	line, _ := json.Marshal(map[string]string{
		"timestamp": time.Now().UTC().Format(time.RFC3339), "severity": severity, "message": message,
	})
	fmt.Fprintln(os.Stdout, string(line))
}
