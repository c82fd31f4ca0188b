// Takes the place of Cloud Storage in a test: fake-gcs-server with one bucket, kept in memory.
package main

import (
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

func main() {
	bucket := flag.String("bucket", "", "name of the bucket")
	url := flag.String("url", "", "URL by which clients reach the server")
	port := flag.Uint("port", 4443, "port to listen on")
	flag.Parse()

	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{
		Scheme: "http", Host: "0.0.0.0", Port: uint16(*port), ExternalURL: *url, Writer: os.Stdout,
	})
	if err != nil {
		log.Fatal(err)
	}
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: *bucket})

	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM, os.Interrupt)
	<-stopped
	server.Stop()
}
