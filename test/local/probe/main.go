// A pod for the cluster's test: keeps one value in its volume and says what it sees of its surroundings.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

const file = "/data/value"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "busy" {
		go func() {
			for {
			}
		}()
	}
	http.HandleFunc("GET /value", func(response http.ResponseWriter, _ *http.Request) {
		content, err := os.ReadFile(file)
		answer(response, string(content), err)
	})
	http.HandleFunc("PUT /value", func(response http.ResponseWriter, request *http.Request) {
		content, _ := io.ReadAll(request.Body)
		answer(response, "written", os.WriteFile(file, content, 0o600))
	})
	http.HandleFunc("GET /volume-group", func(response http.ResponseWriter, _ *http.Request) {
		var found syscall.Stat_t
		err := syscall.Stat("/data", &found)
		answer(response, fmt.Sprint(found.Gid), err)
	})
	http.HandleFunc("GET /lookup/{name}", func(response http.ResponseWriter, request *http.Request) {
		found, err := net.DefaultResolver.LookupHost(request.Context(), request.PathValue("name"))
		answer(response, fmt.Sprint(found), err)
	})
	http.HandleFunc("GET /dial/{address}", func(response http.ResponseWriter, request *http.Request) {
		connection, err := net.Dial("tcp", request.PathValue("address"))
		if err == nil {
			connection.Close()
		}
		answer(response, "connected", err)
	})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		os.Exit(0)
	}()
	fmt.Println(http.ListenAndServe(":8080", nil))
	os.Exit(1)
}

func answer(response http.ResponseWriter, text string, err error) {
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(response, text)
}
