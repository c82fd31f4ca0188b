import mlops_platform_mlops as mlops
import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

images = pulumi.Config().require_object("images")
namespace = k8s.core.v1.Namespace("ml", metadata={"name": "ml"}).metadata.name

database = mlops.PostgresDatabase("postgres", namespace=namespace, image=images["postgres"])
artifacts = mlops.VolumeArtifactStore("artifacts", namespace=namespace)
password = random.RandomPassword("alice", length=32).result
mlflow = mlops.TrackingServer(
    "mlflow",
    namespace=namespace,
    image=images["tracking"],
    database=database.connection,
    artifacts=artifacts.location,
    users=[{"username": "alice", "password": password, "permission": "write"}],
)

pulumi.export("trackingUri", mlflow.internal_url)
pulumi.export("alicePassword", password)
