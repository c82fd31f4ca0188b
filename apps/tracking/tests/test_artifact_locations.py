"""Where experiments may keep their artifacts, on a real server."""

import json

import httpx
import pytest
from server import ADMIN, USERS, Server

API = "/api/2.0/mlflow"
CREATE = [f"{API}/experiments/create", "/ajax-api/2.0/mlflow/experiments/create"]
LOCAL = [
    *("/etc", "/tmp/x", "//etc", "etc", "./etc", "../etc", "C:/etc", "~/x"),
    *("file:/etc", "file:///etc", "FILE:///etc", "file://localhost/etc", " file:///etc"),
    *("mlflow-artifacts:/../../etc", "mlflow-artifacts:/%2e%2e/etc", "mlflow-artifacts:etc"),
    *("mlflow-artifacts:/%252e%252e/etc", "gs:/etc", "gs:///etc", "dbfs:/etc", "runs:/1/x"),
    "mlflow-artifacts://evil.example/x",
]


# SECURITY.md: No experiment and no model version can be created with a root on the tracking
# server's own disk.
@pytest.mark.parametrize("user", [USERS["notebook"], ADMIN])
@pytest.mark.parametrize("path", CREATE)
def test_experiments_are_not_rooted_on_the_servers_disk(
    server: Server, user: tuple[str, str], path: str
) -> None:
    with server.client(user) as client:
        for location in LOCAL:
            body = {"name": f"at {location}", "artifact_location": location}
            refused = client.post(path, json=body)
            assert refused.status_code == 400, location
            assert "artifact_location must be below mlflow-artifacts:/" in refused.text
            assert "leave it out" in refused.text
        found = client.get(f"{API}/experiments/search?max_results=1000").json()["experiments"]
        assert not [each["name"] for each in found if each["name"].startswith("at ")]


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "spelt", "artifactLocation": "/etc"}',
        json.dumps('{"name": "spelt", "artifact_location": "/etc"}'),
        '{"name": "spelt", "artifact_location": "gs://b/x", "artifact_location": "/etc"}',
    ],
)
def test_no_spelling_of_the_request_gets_through(server: Server, content: str) -> None:
    with server.client(USERS["notebook"]) as client:
        headers = {"Content-Type": "application/json"}
        assert client.post(CREATE[0], content=content, headers=headers).status_code == 400
        assert client.get(f"{API}/experiments/get-by-name?experiment_name=spelt").is_error


@pytest.mark.parametrize(
    "location", ["", "mlflow-artifacts:/team/x", "gs://bucket/path", "s3://bucket/path"]
)
def test_experiments_are_rooted_in_the_artifact_store_or_a_bucket(
    server: Server, location: str
) -> None:
    with server.client(USERS["notebook"]) as client:
        body = {"name": f"remote {location}", "artifact_location": location}
        answer = client.post(CREATE[0], json=body)
        assert answer.is_success, answer.text
        query = f"experiment_id={answer.json()['experiment_id']}"
        experiment = client.get(f"{API}/experiments/get?{query}").json()["experiment"]
        assert experiment["artifact_location"].startswith(location or "mlflow-artifacts:/")


# SECURITY.md: No experiment and no model version can be created with a root on the tracking
# server's own disk.
@pytest.mark.parametrize("source", ["/etc", "file:///etc", "mlflow-artifacts:/../etc", "etc"])
def test_versions_have_no_source_on_the_servers_disk(server: Server, source: str) -> None:
    with server.client(USERS["notebook"]) as client:
        client.post(f"{API}/registered-models/create", json={"name": "local"})
        run = {"experiment_id": "0"}
        run_id = client.post(f"{API}/runs/create", json=run).json()["run"]["info"]["run_id"]
        for lineage in ({}, {"run_id": run_id}):
            body = {"name": "local", "source": source, **lineage}
            refused = client.post(f"{API}/model-versions/create", json=body)
            assert refused.status_code == 400, refused.text


def test_anonymous_requests_are_refused_before_their_location_is_read(server: Server) -> None:
    with server.client() as client:
        body: dict[str, str] = {"name": "x", "artifact_location": "/etc"}
        response: httpx.Response = client.post(CREATE[0], json=body)
        assert response.status_code == 401
