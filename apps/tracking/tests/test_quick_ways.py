"""What reads and writes rows in place of MLflow's objects, next to MLflow's own server."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from server import ADMIN, USERS, Server, StockServer

from postgres import Postgres

API = "/api/2.0/mlflow"
NOT_A_NUMBER, INFINITE = "NaN", "Infinity"


@dataclass
class Both:
    """The platform's server and MLflow's, on the same database."""

    ours: httpx.Client
    stock: httpx.Client
    reader: httpx.Client
    experiment: str = ""
    full: str = ""
    """The run that has everything."""

    def made(self, path: str, **body: object) -> Any:  # noqa: ANN401
        answer = self.ours.post(f"{API}/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def answer(self, method: str, path: str, **request: Any) -> Any:  # noqa: ANN401
        """What both answer; rows of one run come in any order."""
        ours, stock = (
            client.request(method, path, **request) for client in (self.ours, self.stock)
        )
        assert ours.status_code == stock.status_code, (ours.text, stock.text)
        found = sorted_lists(ours.json())
        assert found == sorted_lists(stock.json())
        return found

    def search(self, prefix: str = "api", **body: object) -> Any:  # noqa: ANN401
        body = {"experiment_ids": [self.experiment], **body}
        return self.answer("POST", f"/{prefix}/2.0/mlflow/runs/search", json=body)

    def history(self, **parameters: object) -> Any:  # noqa: ANN401
        parameters = {"run_id": self.full, "metric_key": "loss", **parameters}
        return self.answer("GET", f"{API}/metrics/get-history", params=parameters)


def sorted_lists(answer: Any) -> Any:  # noqa: ANN401
    """Metrics, params and tags of a run by their name, as text that tells 1 from 1.0."""
    for run in answer.get("runs", []):
        for rows in run.get("data", {}).values():
            rows.sort(key=lambda row: row["key"])
    return json.loads(json.dumps(answer), parse_float=str)


@pytest.fixture(scope="module")
def uri(postgres: Postgres, migrated: str) -> tuple[str, str]:
    return postgres.create_databases("quick", template=migrated)


@pytest.fixture(scope="module")
def both(
    postgres: Postgres, uri: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("quick")
    with (
        Server(folder, *uri) as server,
        StockServer(folder, uri[0]) as stock,
        server.client(ADMIN) as ours,
        stock.client() as theirs,
        server.client(USERS["model-server"]) as reader,
    ):
        both = Both(ours, theirs, reader)
        fill(both, postgres)
        yield both


def fill(both: Both, postgres: Postgres) -> None:
    """Runs of every kind that a search may find."""
    both.experiment = both.made("experiments/create", name="quick")["experiment_id"]

    def run(start_time: int, **body: object) -> str:
        asked = {"experiment_id": both.experiment, "start_time": start_time, **body}
        return both.made("runs/create", **asked)["run"]["info"]["run_id"]

    both.full = run(10, run_name='said "so" ✓', tags=[{"key": "team", "value": "a\n"}])
    metrics = [
        *[metric("loss", 1 / step, step) for step in range(1, 8)],
        *[metric("loss", NOT_A_NUMBER, 8), metric("loss", NOT_A_NUMBER, 8)],
        *[metric("loss", INFINITE, 3), metric("loss", -2.0, -1), metric("loss", -0.0, 3)],
        *[metric("accuracy", 1, 1), metric("accuracy", 1e-300, 0), metric("nan", NOT_A_NUMBER, 0)],
        *[metric("up", INFINITE, 0), metric("down", f"-{INFINITE}", 0)],
    ]
    params = [{"key": "depth", "value": "3"}, {"key": "odd key/x:y", "value": 'a "b" ä'}]
    both.made("runs/log-batch", run_id=both.full, metrics=metrics, params=params)
    dataset = {"name": "wine", "digest": "d1", "source_type": "local", "source": "{}"}
    context = {"key": "mlflow.data.context", "value": "training"}
    model = both.made("logged-models", experiment_id=both.experiment, name="m")["model"]["info"]
    both.made(
        "runs/log-inputs",
        run_id=both.full,
        datasets=[{"dataset": dataset, "tags": [context]}],
        models=[{"model_id": model["model_id"]}],
    )
    outputs = [{"model_id": model["model_id"], "step": 2}]
    both.made("runs/outputs", run_id=both.full, models=outputs)
    of_a_model = metric("loss", 3, 9) | {"model_id": model["model_id"]}
    both.made("runs/log-batch", run_id=both.full, metrics=[of_a_model])
    run(20, run_name="empty")
    deleted = run(30, run_name="deleted")
    both.made("runs/delete", run_id=deleted)
    old = run(40, run_name="old")
    for number in range(12):
        one = run(50 + number % 3)
        values = [metric("loss", number % 5, 0), metric("accuracy", number / 7, 0)]
        both.made("runs/log-batch", run_id=one, metrics=values, params=[params[0]])
        both.made("runs/update", run_id=one, status="FINISHED", end_time=99)
    without_values = run(60, run_name="", tags=[{"key": "empty", "value": ""}])
    for sql in (
        # as MLflow 1.29 and earlier stored a name, and what it allows a tag to be
        f"UPDATE runs SET name = '' WHERE run_uuid = '{old}'",
        f"UPDATE tags SET value = NULL WHERE run_uuid = '{without_values}' AND key = 'empty'",
    ):
        postgres.query(sql, database="quick")


def metric(key: str, value: float | str, step: int) -> dict[str, object]:
    return {"key": key, "value": value, "timestamp": 1000 + step * 2, "step": step}


@pytest.mark.parametrize("prefix", ["api", "ajax-api"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"run_view_type": "ALL"},
        {"run_view_type": "DELETED_ONLY"},
        {"experiment_ids": []},
        {"experiment_ids": ["987654"]},
        {"order_by": ["metrics.loss DESC"]},
        {"order_by": ["metrics.nan", "params.depth DESC", "start_time"]},
        {"order_by": ["tags.team", "attributes.end_time DESC"]},
        {"filter": "metrics.loss > 2"},
        {"filter": "metrics.nan != 7 and params.depth = '3'"},
        {"filter": "params.depth LIKE '%3%' and attributes.status = 'FINISHED'"},
        {"filter": "tags.team IS NULL"},
        {"filter": "attributes.run_name ILIKE 'OLD'"},
        {"filter": "dataset.name = 'wine' and datasets.context = 'training'"},
        {"filter": "attributes.run_id IN ('a', 'b')"},
        {"max_results": 0},
        {"max_results": 50001},
        {"filter": "metrics.loss >"},
        {"filter": "metrics.loss > 'text'"},
        {"order_by": ["metrics.loss", "metrics.loss"]},
        {"page_token": "wrong"},
    ],
)
def test_a_search_answers_what_mlflow_answers(
    both: Both, prefix: str, asked: dict[str, object]
) -> None:
    both.search(prefix, **asked)


def test_a_search_names_everything_that_a_run_has(both: Both) -> None:
    found = {run["info"]["run_name"]: run for run in both.search()["runs"]}
    full = found['said "so" ✓']
    assert {row["key"]: row["value"] for row in full["data"]["metrics"]} == {
        **{"loss": "3.0", "accuracy": "1.0", "nan": NOT_A_NUMBER},
        **{"up": "1.7976931348623157e+308", "down": "-1.7976931348623157e+308"},
    }
    assert full["inputs"]["dataset_inputs"]
    assert full["outputs"]["model_outputs"]
    assert "metrics" not in found["empty"]["data"]
    assert found["old"]["data"]["tags"], "whose name is only a tag"


@pytest.mark.parametrize("order_by", [[], ["metrics.loss"], ["attributes.start_time DESC"]])
def test_pages_of_a_search_are_those_of_mlflow(both: Both, order_by: list[str]) -> None:
    names, asked = [], {"max_results": 4, "order_by": order_by}
    while True:
        page = both.search(**asked)
        names += [run["info"]["run_id"] for run in page["runs"]]
        if "next_page_token" not in page:
            break
        asked["page_token"] = page["next_page_token"]
    assert len(names) == len(set(names)) == 16


def test_the_page_of_mlflow_finds_the_same_with_graphql(both: Both) -> None:
    query = (
        "mutation S($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) "
        "{ runs { info { runId } data { metrics { key value } params { key value } } } } }"
    )
    asked = {"query": query, "variables": {"data": {"experimentIds": [both.experiment]}}}
    found = [client.post("/graphql", json=asked).json() for client in (both.ours, both.stock)]
    assert not found[0].get("errors"), found[0]
    assert any(run["data"]["metrics"] for run in found[0]["data"]["mlflowSearchRuns"]["runs"])
    for answer in found:
        sorted_lists(answer["data"]["mlflowSearchRuns"])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"metric_key": "nan"},
        {"metric_key": "accuracy"},
        {"metric_key": "absent"},
        {"run_id": "absent"},
        {"max_results": 100},
        {"max_results": 0},
        {"max_results": -1},
        {"metric_key": ""},
        {"page_token": "wrong"},
    ],
)
def test_a_history_is_that_of_mlflow(both: Both, asked: dict[str, object]) -> None:
    both.history(**asked)


@pytest.mark.parametrize("size", [1, 3, 5, 11])
def test_pages_of_a_history_are_those_of_mlflow(both: Both, size: int) -> None:
    points, asked = [], {"max_results": size}
    while True:
        page = both.history(**asked)
        points += page["metrics"]
        if "next_page_token" not in page:
            break
        asked["page_token"] = page["next_page_token"]
    assert points == both.history()["metrics"]
    assert len(points) == 12


@pytest.mark.parametrize("table", ["latest_metrics", "tags", "metrics"])
def test_an_error_of_the_database_is_that_of_mlflow(
    both: Both, postgres: Postgres, table: str
) -> None:
    asked = {
        "search": ("POST", f"{API}/runs/search", {"json": {"experiment_ids": [both.experiment]}}),
        "history": (
            *("GET", f"{API}/metrics/get-history"),
            {"params": {"run_id": both.full, "metric_key": "loss"}},
        ),
    }
    method, path, request = asked["history" if table == "metrics" else "search"]
    postgres.query(f"ALTER TABLE {table} RENAME TO away", database="quick")
    try:
        answers = [client.request(method, path, **request) for client in (both.ours, both.stock)]
    finally:
        postgres.query(f"ALTER TABLE away RENAME TO {table}", database="quick")
    assert answers[0].status_code == answers[1].status_code >= 400
    assert answers[0].json()["error_code"] == answers[1].json()["error_code"]


def test_clients_of_mlflow_read_a_run_as_before(both: Both) -> None:
    assert both.answer("GET", f"{API}/runs/get", params={"run_id": both.full})["run"]["data"]


def test_models_stay_hidden_from_a_user_who_may_not_see_them(both: Both) -> None:
    def links() -> list[dict[str, Any]]:
        answer = both.reader.post(f"{API}/runs/search", json={"experiment_ids": [both.experiment]})
        found = {run["info"]["run_name"]: run for run in answer.json()["runs"]}
        full = found['said "so" ✓']
        assert len(full["data"]["metrics"]) == 5
        assert full["inputs"]["dataset_inputs"]
        return full["outputs"].get("model_outputs", [])

    assert len(links()) == 1
    grant = {
        **{"username": "model-server", "permission": "DENY"},
        **{"resource_type": "logged_model", "resource_id": "*"},
    }
    granted = both.ours.post("/api/3.0/mlflow/users/permissions/grant", json=grant)
    assert granted.is_success, granted.text
    assert links() == []


BATCHES = [
    [[metric("loss", 1, 1)], [metric("loss", 2, 2)], [metric("loss", 3, 1)]],
    [[metric("loss", 1, 1), metric("loss", 1, 1), metric("b", 2, 1), metric("loss", 0, 0)]],
    [[metric("loss", NOT_A_NUMBER, 1)], [metric("loss", 0, 1), metric("loss", -1, 1)]],
    [[metric("loss", 0, 1), metric("loss", NOT_A_NUMBER, 1), metric("loss", INFINITE, 1)]],
    [[metric("b", INFINITE, 0), metric("a", f"-{INFINITE}", 0)], [metric("a", -0.0, 0)]],
    [[metric("loss", 5, 1)], [metric("new", 1, 1), metric("loss", 5, 1), metric("loss", 6, 1)]],
    [[metric("loss", 1, -3), metric("loss", 1, 0)], [metric("loss", 2, -3)]],
    [[metric("loss", 0.1 + 0.2, 1), metric("tiny", 5e-324, 2**62)]],
    [[metric(f"m{number}", number / 3, number % 7) for number in range(1000)]] * 2,
    [[metric("fine", 1, 1), metric("bad\nname", 1, 1)]],
    [[metric("fine", 1, 1), metric("late", 1, 1) | {"timestamp": -1}]],
    [[metric("x" * 251, 1, 1)], [metric("a :keys/b", 1, 1)]],
    [[]],
]


@pytest.mark.parametrize("batches", BATCHES)
def test_a_batch_leaves_the_rows_that_mlflow_leaves(
    both: Both, postgres: Postgres, batches: list[list[dict[str, object]]]
) -> None:
    rows = []
    answers = []
    for client in (both.ours, both.stock):
        run = created(client, both.experiment)
        answers.append([])
        for batch in batches:
            answer = client.post(f"{API}/runs/log-batch", json={"run_id": run, "metrics": batch})
            answers[-1].append((answer.status_code, answer.json()))
        rows.append(logged(postgres, run))
    assert answers[0] == answers[1]
    assert rows[0] == rows[1]


def test_a_single_metric_leaves_the_rows_that_mlflow_leaves(both: Both, postgres: Postgres) -> None:
    rows = []
    for client in (both.ours, both.stock):
        run = created(client, both.experiment)
        for one in (metric("loss", 1, 1), metric("loss", 1, 1), metric("loss", NOT_A_NUMBER, 4)):
            answer = client.post(f"{API}/runs/log-metric", json={"run_id": run, **one})
            assert answer.is_success, answer.text
        rows.append(logged(postgres, run))
    assert rows[0] == rows[1]


def test_metrics_of_a_run_that_does_not_take_them_are_refused(both: Both) -> None:
    deleted = created(both.ours, both.experiment)
    both.made("runs/delete", run_id=deleted)
    for run in (deleted, "0" * 32):
        body = {"run_id": run, "metrics": [metric("loss", 1, 1)]}
        both.answer("POST", f"{API}/runs/log-batch", json=body)


def test_clients_that_log_the_same_metrics_at_once_lose_none(
    both: Both, postgres: Postgres
) -> None:
    run = created(both.ours, both.experiment)

    def log(number: int) -> int:
        metrics = [metric(f"m{name}", number, number) for name in range(300)]
        metrics += [metric(f"m{name}", 0.5, 0) for name in range(300)]
        body = {"run_id": run, "metrics": metrics if number % 2 else metrics[::-1]}
        return both.ours.post(f"{API}/runs/log-batch", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(log, range(12))) == {200}
    metrics, latest = logged(postgres, run)
    assert len(metrics) == 300 * 13
    assert {value for _, value, *_ in latest} == {11.0}


def created(client: httpx.Client, experiment: str) -> str:
    answer = client.post(f"{API}/runs/create", json={"experiment_id": experiment, "start_time": 1})
    return answer.json()["run"]["info"]["run_id"]


def logged(postgres: Postgres, run: str) -> list[list[tuple[object, ...]]]:
    """The metrics of a run, and its latest."""
    return [
        postgres.query(
            "SELECT key, value, timestamp, step, is_nan "
            f"FROM {table} WHERE run_uuid = '{run}' ORDER BY 1, 4, 3, 2, 5",
            database="quick",
        )
        for table in ("metrics", "latest_metrics")
    ]
