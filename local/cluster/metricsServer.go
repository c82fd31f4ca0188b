package main

import (
	"os"

	"github.com/spf13/pflag"

	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kubernetes/pkg/generated/openapi"
	"sigs.k8s.io/metrics-server/cmd/metrics-server/app/options"
	"sigs.k8s.io/metrics-server/pkg/api"
)

// measureLoads is metrics-server with Kubernetes' description of its types: its own names them as
// Kubernetes did before 1.35, and a server whose types are not found does not start.
func measureLoads() {
	settings := options.NewOptions()
	flags := pflag.NewFlagSet("metrics-server", pflag.ExitOnError)
	for _, set := range settings.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	_ = flags.Parse(os.Args[1:])

	config, err := settings.ServerConfig()
	exitOn(err)
	names := openapinamer.NewDefinitionNamer(api.Scheme)
	config.Apiserver.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, names)
	config.Apiserver.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, names)
	server, err := config.Complete()
	exitOn(err)
	exitOn(server.RunUntil(genericapiserver.SetupSignalHandler()))
}
