package main

import (
	"github.com/mlops-platform/pulumi-mlops/sdk/go/mlops"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		tracking, err := mlops.NewTrackingServer(ctx, "mlflow", &mlops.TrackingServerArgs{
			Namespace: pulumi.String("ml"),
			Image:     pulumi.String(settings.Require("trackingImage")),
			Database: mlops.DatabaseConnectionArgs{
				Host:         pulumi.String(settings.Require("databaseHost")),
				Port:         pulumi.Float64(5432),
				Database:     pulumi.String("mlflow"),
				AuthDatabase: pulumi.String("mlflow_auth"),
				Username:     pulumi.String("mlflow"),
				Password:     settings.RequireSecret("databasePassword"),
			},
			Artifacts: mlops.ArtifactLocationArgs{Uri: pulumi.String("gs://my-bucket/mlflow")},
		})
		if err == nil {
			ctx.Export("trackingUri", tracking.InternalUrl)
		}
		return err
	})
}
