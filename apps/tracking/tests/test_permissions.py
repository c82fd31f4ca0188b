"""Who may do what, asked of a real server on a real Postgres."""

import base64
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from server import ADMIN, USERS, Server

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts"

# Answered without a login: liveness, the files of the web page, and MLflow's own capability list.
PUBLIC = {
    "/health",
    "/static-files/<path:path>",
    "/api/3.0/mlflow/server-info",
    "/ajax-api/3.0/mlflow/server-info",
}
# A POST that only asks; the one table of what `read` users may send, spelled out once more.
SEARCHES = {
    "/graphql",
    *(
        f"/{prefix}/2.0/mlflow/{path}"
        for prefix in ("api", "ajax-api")
        for path in (
            "experiments/search",
            "runs/search",
            "logged-models/search",
            "registered-models/get-latest-versions",
            "artifacts/presigned-download-url",
        )
    ),
    "/api/2.0mlflow/experiments/search-datasets",
    "/ajax-api/2.0/mlflow/experiments/search-datasets",
    *(
        f"/{prefix}/3.0/mlflow/{path}"
        for prefix in ("api", "ajax-api")
        for path in (
            "datasets/search",
            "traces/search",
            "traces/batchGetInfos",
            "traces/calculate-filter-correlation",
            "traces/metrics",
        )
    ),
}
# What writers change, and nothing that a later MLflow adds next to it.
WRITTEN = (
    "^/v1/traces$|/mlflow-artifacts/"
    "|/mlflow/(artifacts|upload-artifact|datasets|experiments|logged-models|model-versions"
    "|registered-models|runs|traces)(/|$)"
)
ROUTES = [
    (method, path)
    for method, path in json.loads(
        subprocess.run(
            [sys.executable, str(Path(__file__).parent / "routes.py")],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
]


@pytest.fixture
def anonymous(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture
def reader(server: Server) -> Iterator[httpx.Client]:
    with server.client(USERS["model-server"]) as client:
        yield client


@pytest.fixture
def training(server: Server) -> Iterator[httpx.Client]:
    with server.client(USERS["training"]) as client:
        yield client


@pytest.fixture
def notebook(server: Server) -> Iterator[httpx.Client]:
    with server.client(USERS["notebook"]) as client:
        yield client


@pytest.fixture
def admin(server: Server) -> Iterator[httpx.Client]:
    with server.client(ADMIN) as client:
        yield client


@pytest.fixture(scope="module")
def experiment(server: Server) -> str:
    """An experiment that `training` made."""
    with server.client(USERS["training"]) as client:
        return created(client, "experiments/create", {"name": "shared"})["experiment_id"]


@pytest.fixture(scope="module")
def version(server: Server, experiment: str) -> dict[str, str]:
    """A run of `training` and a version of the model `shared` from it, with an alias."""
    with server.client(USERS["training"]) as client:
        run = created(client, "runs/create", {"experiment_id": experiment})["run"]["info"]
        created(client, "registered-models/create", {"name": "shared"})
        source = f"mlflow-artifacts:/{experiment}/{run['run_id']}/artifacts/model"
        body = {"name": "shared", "source": source, "run_id": run["run_id"]}
        number = created(client, "model-versions/create", body)["model_version"]["version"]
        alias = {"name": "shared", "alias": "champion", "version": number}
        created(client, "registered-models/alias", alias)
    return {"run_id": run["run_id"], "version": number}


def created(client: httpx.Client, path: str, body: dict[str, str]) -> dict:
    response = client.post(f"{API}/{path}", json=body)
    assert response.status_code == 200, f"{path}: {response.status_code} {response.text}"
    return response.json()


def concrete(path: str) -> str:
    """A path without placeholders."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "1", path)


def test_anonymous_requests_are_refused_everywhere(anonymous: httpx.Client) -> None:
    answers = {
        (method, path): anonymous.request(method, concrete(path)).status_code
        for method, path in ROUTES
        if path not in PUBLIC
    }
    assert {route: status for route, status in answers.items() if status != 401} == {}
    assert anonymous.get("/metrics").status_code == 401
    assert anonymous.get("/health").text == "OK"


def test_no_header_of_the_assistant_stands_in_for_a_login(anonymous: httpx.Client) -> None:
    now = int(time.time() * 1000) + 60_000
    signed = base64.urlsafe_b64encode(hmac.digest(b"", f"v1\nadmin\n{now}".encode(), "sha256"))
    for credential in (f"v1:admin:{now}:{signed.decode()}", f"v1:admin:{now}:", "admin"):
        headers = {"X-MLflow-Assistant-Delegation": credential}
        for path in (f"{API}/experiments/search?max_results=1", "/api/3.0/mlflow/skills"):
            assert anonymous.get(path, headers=headers).status_code == 401


@pytest.mark.parametrize("user", [ADMIN[0], "model-server", "nobody"])
def test_a_wrong_password_is_refused(server: Server, user: str) -> None:
    with server.client((user, "wrong-password-1")) as client:
        assert client.get(f"{API}/experiments/search?max_results=1").status_code == 401
        assert client.post(f"{API}/experiments/create", json={"name": "x"}).status_code == 401
        assert client.put(f"{ARTIFACTS}/artifacts/0/x", content=b"x").status_code == 401


def test_a_reader_is_refused_on_every_route_that_changes_something(reader: httpx.Client) -> None:
    changing = [
        (method, path) for method, path in ROUTES if method != "GET" and path not in SEARCHES
    ]
    assert len(changing) > 200, "the routes were not found"
    answers = {
        (method, path): reader.request(method, concrete(path), json={}).status_code
        for method, path in changing
    }
    assert {route: status for route, status in answers.items() if status != 403} == {}


def test_a_reader_is_refused_on_real_objects(
    reader: httpx.Client, experiment: str, version: dict[str, str]
) -> None:
    model = {"name": "shared"}
    number = {**model, "version": version["version"]}
    run = {"run_id": version["run_id"]}
    artifacts = f"artifacts/{experiment}/{version['run_id']}/artifacts/x"
    attempts = [
        ("POST", f"{API}/experiments/create", {"name": "mine"}),
        ("POST", f"{API}/experiments/update", {"experiment_id": experiment, "new_name": "x"}),
        ("POST", f"{API}/experiments/delete", {"experiment_id": experiment}),
        ("POST", f"{API}/runs/create", {"experiment_id": experiment}),
        ("POST", f"{API}/runs/log-metric", {**run, "key": "m", "value": 1, "timestamp": 1}),
        ("POST", f"{API}/runs/log-batch", {**run, "metrics": []}),
        ("POST", f"{API}/runs/delete", run),
        ("POST", f"{API}/registered-models/create", {"name": "mine"}),
        ("POST", f"{API}/registered-models/alias", {**number, "alias": "champion"}),
        ("DELETE", f"{API}/registered-models/alias", {**model, "alias": "champion"}),
        ("DELETE", f"{API}/registered-models/delete", model),
        ("POST", f"{API}/model-versions/create", {**model, "source": "mlflow-artifacts:/1/x"}),
        ("DELETE", f"{API}/model-versions/delete", number),
        ("PUT", f"{ARTIFACTS}/{artifacts}", {}),
        ("PUT", f"/ajax-api/2.0/mlflow-artifacts/{artifacts}", {}),
        ("DELETE", f"{ARTIFACTS}/{artifacts}", None),
        ("POST", f"{ARTIFACTS}/mpu/create/{experiment}/x", {"path": "x", "num_parts": 1}),
        ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run['run_id']}&path=x", {}),
        ("POST", f"{API}/webhooks", {"name": "w", "url": "https://example.org", "events": []}),
        ("POST", "/v1/traces", {}),
        ("POST", "/api/3.0/mlflow/traces", {}),
        ("POST", "/api/3.0/mlflow/gateway/secrets/create", {"secret_name": "s"}),
        ("POST", "/ajax-api/3.0/jobs/", {}),
        ("PATCH", f"{API}/users/update-password", {"username": "model-server"}),
        ("POST", "/api/3.0/mlflow/users/permissions/grant", {"username": "model-server"}),
    ]
    answers = {
        (method, path): reader.request(method, path, json=body).status_code
        for method, path, body in attempts
    }
    assert set(answers.values()) == {403}, answers


def test_a_reader_reads_everything_that_serving_a_model_takes(
    reader: httpx.Client, training: httpx.Client, experiment: str, version: dict[str, str]
) -> None:
    path = f"{experiment}/{version['run_id']}/artifacts/model/MLmodel"
    assert training.put(f"{ARTIFACTS}/artifacts/{path}", content=b"flavors: {}").is_success
    run_id = version["run_id"]

    by_alias = reader.get(f"{API}/registered-models/alias?name=shared&alias=champion")
    assert by_alias.json()["model_version"]["version"] == version["version"]
    assert reader.get(f"{ARTIFACTS}/artifacts/{path}").content == b"flavors: {}"
    assert reader.get(f"{API}/runs/get?run_id={run_id}").is_success
    assert reader.get(f"{API}/artifacts/list?run_id={run_id}&path=model").is_success
    runs = reader.post(f"{API}/runs/search", json={"experiment_ids": [experiment]})
    assert runs.json()["runs"][0]["info"]["run_id"] == run_id
    query = {
        "query": '{ mlflowGetExperiment(input: {experimentId: "%s"}) { experiment { name } } }'
    }
    query["query"] %= experiment
    graphql = reader.post("/graphql", json=query).json()
    assert graphql["data"]["mlflowGetExperiment"]["experiment"]["name"] == "shared"


def test_graphql_has_nothing_but_searches_as_mutations(reader: httpx.Client) -> None:
    body = {"query": "{ __schema { mutationType { fields { name } } } }"}
    fields = reader.post("/graphql", json=body).json()["data"]["__schema"]["mutationType"]["fields"]
    assert {field["name"] for field in fields} == {
        "mlflowSearchDatasets",
        "mlflowSearchRuns",
        "testMutation",  # gives its argument back
    }


def test_writers_work_on_what_another_writer_made(
    notebook: httpx.Client, experiment: str, version: dict[str, str]
) -> None:
    run = created(notebook, "runs/create", {"experiment_id": experiment})["run"]["info"]
    metric = {"run_id": run["run_id"], "key": "rmse", "value": "1.5", "timestamp": "1"}
    created(notebook, "runs/log-metric", metric)
    created(notebook, "runs/set-tag", {"run_id": version["run_id"], "key": "k", "value": "v"})
    path = f"{experiment}/{run['run_id']}/artifacts/model/MLmodel"
    assert notebook.put(f"{ARTIFACTS}/artifacts/{path}", content=b"x").is_success
    source = f"mlflow-artifacts:/{experiment}/{run['run_id']}/artifacts/model"
    body = {"name": "shared", "source": source, "run_id": run["run_id"]}
    number = created(notebook, "model-versions/create", body)["model_version"]["version"]
    assert number != version["version"]
    for target in (number, version["version"]):
        alias = {"name": "shared", "alias": "champion", "version": target}
        created(notebook, "registered-models/alias", alias)
    created(notebook, "experiments/create", {"name": "of the notebook"})
    created(notebook, "registered-models/create", {"name": "of the notebook"})


def test_writers_delete_only_what_they_created(
    notebook: httpx.Client, training: httpx.Client, experiment: str, version: dict[str, str]
) -> None:
    assert version
    delete_experiment = (f"{API}/experiments/delete", {"experiment_id": experiment})
    assert notebook.post(delete_experiment[0], json=delete_experiment[1]).status_code == 403
    model = {"json": {"name": "shared"}}
    refused = notebook.request("DELETE", f"{API}/registered-models/delete", **model)
    assert refused.status_code == 403
    own = created(training, "experiments/create", {"name": "to be deleted"})
    assert training.post(f"{API}/experiments/delete", json=own).is_success


@pytest.mark.parametrize("api", ["api", "ajax-api"])
def test_writers_rename_only_what_they_created(
    api: str, notebook: httpx.Client, training: httpx.Client
) -> None:
    created(training, "registered-models/create", {"name": f"of {api}"})
    path = f"/{api}/2.0/mlflow/registered-models/rename"
    for names in [(f"of {api}", f"new of {api}"), (f"new of {api}", f"of {api}")]:
        rename = dict(zip(("name", "new_name"), names, strict=True))
        assert notebook.post(path, json=rename).status_code == 403
        assert training.post(path, json=rename).is_success


@pytest.mark.parametrize("api", ["api", "ajax-api"])
def test_writers_set_and_remove_aliases_and_tags_of_every_model(
    api: str,
    notebook: httpx.Client,
    reader: httpx.Client,
    training: httpx.Client,
    version: dict[str, str],
) -> None:
    model, number = {"name": "shared"}, {"name": "shared", "version": version["version"]}
    alias, key = {"alias": "trial"}, {"key": "k"}
    changes = [
        ("registered-models/alias", number | alias, "registered-models/alias", model | alias),
        (
            "registered-models/set-tag",
            {**model, **key, "value": "v"},
            "registered-models/delete-tag",
            model | key,
        ),
        (
            "model-versions/set-tag",
            {**number, **key, "value": "v"},
            "model-versions/delete-tag",
            number | key,
        ),
    ]
    root = f"/{api}/2.0/mlflow"
    for writer in (notebook, training):
        for set_path, wanted, delete_path, unwanted in changes:
            assert writer.post(f"{root}/{set_path}", json=wanted).is_success, set_path
            delete = ("DELETE", f"{root}/{delete_path}")
            assert reader.request(*delete, json=unwanted).status_code == 403, delete_path
            assert writer.request(*delete, json=unwanted).is_success, delete_path
    found = reader.get(f"{API}/registered-models/get?name=shared").json()["registered_model"]
    assert "trial" not in {each["alias"] for each in found.get("aliases", [])}
    assert not found.get("tags")


def test_versions_are_deleted_by_who_created_the_model(
    notebook: httpx.Client, training: httpx.Client, experiment: str
) -> None:
    created(training, "registered-models/create", {"name": "with versions"})
    run = created(notebook, "runs/create", {"experiment_id": experiment})["run"]["info"]
    source = f"mlflow-artifacts:/{experiment}/{run['run_id']}/artifacts/model"
    body = {"name": "with versions", "source": source, "run_id": run["run_id"]}
    number = created(notebook, "model-versions/create", body)["model_version"]["version"]
    version = {"json": {"name": "with versions", "version": number}}
    assert notebook.request("DELETE", f"{API}/model-versions/delete", **version).status_code == 403
    assert training.request("DELETE", f"{API}/model-versions/delete", **version).is_success


def test_no_user_can_take_the_name_that_stands_for_every_model(
    admin: httpx.Client, training: httpx.Client
) -> None:
    created(training, "registered-models/create", {"name": "of one name"})
    for client in (training, admin):
        for path, body in [
            ("registered-models/create", {"name": "*"}),
            ("registered-models/rename", {"name": "of one name", "new_name": "*"}),
        ]:
            assert client.post(f"{API}/{path}", json=body).status_code == 400, path


def test_writers_change_nothing_that_is_not_tracking(training: httpx.Client) -> None:
    changing = [
        (method, path)
        for method, path in ROUTES
        if method != "GET" and path not in SEARCHES and not re.search(WRITTEN, path)
    ]
    assert len(changing) > 200, "the routes were not found"
    answers = {
        (method, path): training.request(method, concrete(path), json={}).status_code
        for method, path in changing
    }
    assert {route: status for route, status in answers.items() if status != 403} == {}


def test_writers_do_not_hand_out_rights_or_reach_beyond_tracking(
    training: httpx.Client, experiment: str
) -> None:
    grant = {
        "username": "model-server",
        "resource_type": "experiment",
        "resource_pattern": experiment,
        "permission": "MANAGE",
    }
    attempts = [
        ("POST", "/api/3.0/mlflow/users/permissions/grant", grant),
        ("POST", f"{API}/users/create", {"username": "x", "password": "a-password-of-x"}),
        ("PATCH", f"{API}/users/update-admin", {"username": "training", "is_admin": True}),
        ("PATCH", f"{API}/users/update-password", {"username": "admin", "password": "x" * 12}),
        ("POST", "/api/3.0/mlflow/roles/create", {"name": "x", "workspace": "default"}),
        ("POST", f"{API}/webhooks", {"name": "w", "url": "https://example.org", "events": []}),
        ("POST", "/api/3.0/mlflow/gateway/secrets/create", {"secret_name": "s"}),
        ("POST", "/api/3.0/mlflow/scorers/register", {"experiment_id": experiment}),
        ("POST", "/ajax-api/3.0/mlflow/scorer/invoke", {}),
        ("POST", "/ajax-api/3.0/mlflow/assistant/message", {}),
        ("POST", "/ajax-api/3.0/jobs/", {}),
        ("POST", "/gateway/mlflow/v1/chat/completions", {}),
    ]
    answers = {
        (method, path): training.request(method, path, json=body).status_code
        for method, path, body in attempts
    }
    assert set(answers.values()) == {403}, answers


def test_the_administrator_does_everything(admin: httpx.Client, experiment: str) -> None:
    user = {"username": "ada", "password": "password-of-ada"}
    assert admin.post(f"{API}/users/create", json=user).is_success
    tag = {"experiment_id": experiment, "key": "k", "value": "v"}
    assert admin.post(f"{API}/experiments/set-experiment-tag", json=tag).is_success
    assert admin.request("DELETE", f"{API}/users/delete", json={"username": "ada"}).is_success
