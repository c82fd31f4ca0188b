"""Sizes, bounded work, failures inside a model, stopping."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import models as samples
import pytest
from conftest import Serving
from mlflow.models import infer_signature
from models import EXAMPLE, Models
from processes import Server, model_server, until
from python_models import Failing, Waiting

Start = Callable[..., Serving]
ROW = {"dataframe_records": EXAMPLE.head(1).to_dict(orient="records")}
JSON = {"Content-Type": "application/json"}
SIGNATURE = infer_signature(EXAMPLE, [1.0])
LIMIT = 10_000


@pytest.fixture(scope="module")
def small(tracking: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that takes no more than 10 kB."""
    models = Models(tracking.url, "small")
    version = models.promote(models.add(samples.linear()))
    folder = tmp_path_factory.mktemp("small")
    server = model_server(folder, tracking.url, "small", MAX_REQUEST_BYTES=str(LIMIT))
    server.start()
    serving = Serving(server)
    serving.wait_for(version)
    yield serving
    server.stop()


def padded(size: int) -> bytes:
    """A good request of exactly this many bytes."""
    text = json.dumps({**ROW, "padding": ""})
    return text.replace('"padding": ""', f'"padding": "{"x" * (size - len(text))}"').encode()


def test_content_length_decides_what_is_too_large(small: Serving) -> None:
    fits = small.http.post("/invocations", content=padded(LIMIT), headers=JSON)
    assert fits.status_code == 200
    for size in (LIMIT + 1, LIMIT * 3, LIMIT * 100):
        refused = small.http.post("/invocations", content=padded(size), headers=JSON)
        assert refused.status_code == 413
        assert refused.json() == {"detail": f"The request is larger than {LIMIT} bytes."}
    assert small.predict(ROW).status_code == 200


def test_chunks_without_a_length_are_counted(small: Serving) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        body = padded(size)
        for start in range(0, size, 1000):
            yield body[start : start + 1000]

    fits = small.http.post("/invocations", content=chunks(LIMIT), headers=JSON)
    assert fits.status_code == 200
    assert "content-length" not in fits.request.headers
    counter = 'model_requests_total{model_version="none",status="413"}'
    before = small.metric(counter)
    refused = small.http.post("/invocations", content=chunks(LIMIT * 3), headers=JSON)
    assert refused.status_code == 413
    assert small.metric(counter) == before + 1


def test_a_client_that_goes_away_in_the_middle_harms_nobody(small: Serving) -> None:
    host, port = small.http.base_url.host, small.http.base_url.port
    assert port is not None
    with socket.create_connection((host, port)) as half:
        half.sendall(
            b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        until(lambda: small.metric("model_requests_in_flight") == 1, "the request is in flight")
    until(lambda: small.metric("model_requests_in_flight") == 0, "the request is forgotten")
    assert small.predict(ROW).status_code == 200


@pytest.fixture
def waiting(models: Models, start_server: Start, tmp_path: Path) -> Iterator[tuple[Serving, Path]]:
    """A server with one prediction thread whose model answers once the gate file is gone."""
    gate = tmp_path / "gate"
    version = models.add_python(Waiting(gate), signature=SIGNATURE)
    models.promote(version)
    serving = start_server(
        models, MODEL_ALLOW_PICKLE="true", PREDICTION_THREADS="1", MAX_PENDING_REQUESTS="2"
    )
    serving.wait_for(version)
    gate.touch()
    yield serving, gate
    gate.unlink(missing_ok=True)


def test_probes_answer_and_the_queue_is_bounded_while_the_model_is_busy(
    waiting: tuple[Serving, Path],
) -> None:
    serving, gate = waiting
    with ThreadPoolExecutor(2) as clients:
        answers = [clients.submit(serving.predict, ROW) for _ in range(2)]
        until(lambda: serving.metric("model_requests_in_flight") == 2, "both are in flight")
        for path in ("/health", "/ready", "/model", "/version"):
            assert serving.http.get(path, timeout=2).status_code == 200
        refused = serving.predict(ROW)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        assert "Too many requests" in refused.json()["detail"]
        gate.unlink()
        assert [answer.result().status_code for answer in answers] == [200, 200]


def test_sigterm_lets_requests_finish_and_takes_no_new_ones(
    waiting: tuple[Serving, Path],
) -> None:
    serving, gate = waiting
    answer: list[httpx.Response] = []
    client = threading.Thread(target=lambda: answer.append(serving.predict(ROW)))
    client.start()
    until(gate.with_suffix(".reached").exists, "the prediction has begun")
    serving.server.terminate()

    def refused() -> bool:
        try:
            httpx.get(f"{serving.server.url}/health", timeout=1)
        except httpx.ConnectError:
            return True
        return False

    until(refused, "new connections are refused", 10)
    gate.unlink()
    client.join(10)
    assert answer[0].json() == {"predictions": [1.0]}
    assert serving.server.wait(10) == 0
    assert serving.downloads == []


def test_clients_that_stay_connected_lose_no_request_when_the_server_stops(
    models: Models, start_server: Start
) -> None:
    version = models.promote(models.add(samples.linear()))
    serving = start_server(models)
    serving.wait_for(version)
    serving.http.close()

    answered = [0] * 8

    def ask_until_the_last_answer(client: int) -> None:
        with httpx.Client(base_url=serving.server.url, timeout=10) as staying:
            for count in itertools.count(1):
                answer = staying.post("/invocations", json=ROW)
                assert answer.status_code == 200
                answered[client] = count
                if answer.headers.get("Connection") == "close":
                    return
                time.sleep(0.001 * (count % 7))

    with ThreadPoolExecutor(len(answered)) as clients:
        asking = [clients.submit(ask_until_the_last_answer, one) for one in range(len(answered))]
        until(lambda: min(answered) > 5, "every client stays connected", 30)
        assert not any(client.done() for client in asking)
        serving.server.terminate()
        for client in asking:
            client.result()
    assert serving.server.wait(10) == 0


def test_a_connection_ends_after_a_while_so_that_clients_find_new_pods(
    models: Models, tmp_path: Path
) -> None:
    program = (
        "from model_server import __main__, connections\n"
        "__main__.Limits = lambda: connections.Limits(connection_seconds=1)\n"
        "__main__.main()"
    )
    server = model_server(tmp_path, models.uri, models.name, ("-c", program))
    server.start()
    with httpx.Client(base_url=server.url) as staying:
        assert "Connection" not in staying.get("/health").headers
        time.sleep(1.1)
        assert staying.get("/health").headers["Connection"] == "close"
        assert "Connection" not in staying.get("/health").headers
    server.stop()


def test_sigterm_ends_a_server_whose_model_hangs(waiting: tuple[Serving, Path]) -> None:
    serving, gate = waiting

    def give_up() -> None:
        with pytest.raises(httpx.HTTPError):
            serving.http.post("/invocations", json=ROW).raise_for_status()

    client = threading.Thread(target=give_up)
    client.start()
    until(gate.with_suffix(".reached").exists, "the prediction has begun")
    serving.server.terminate()
    assert serving.server.wait(10) == 0
    client.join(10)


@pytest.mark.parametrize(
    ("leave", "reason"), [(False, "KeyError: 'lost'"), (True, "the model called exit()")]
)
def test_a_model_that_fails_while_predicting_gives_500(
    models: Models, start_server: Start, tmp_path: Path, leave: bool, reason: str
) -> None:
    trigger = tmp_path / "trigger"
    version = models.promote(models.add_python(Failing(trigger, leave), signature=SIGNATURE))
    serving = start_server(models, MODEL_ALLOW_PICKLE="true")
    serving.wait_for(version)
    trigger.touch()
    failed = serving.predict(ROW)
    assert failed.status_code == 500
    assert reason in failed.json()["detail"]
    assert failed.headers["X-Model-Version"] == version
    assert serving.metric('model_request_errors_total{model_version="1",status="500"}') == 1
    trigger.unlink()
    assert serving.predict(ROW).status_code == 200


def test_stops_while_it_waits_for_a_model(models: Models, start_server: Start) -> None:
    serving = start_server(models)
    serving.server.terminate()
    assert serving.server.wait(10) == 0


def test_n_jobs_of_a_model_starts_no_processes(models: Models, start_server: Start) -> None:
    version = models.promote(models.add(samples.parallel()))
    serving = start_server(models)
    serving.wait_for(version)
    assert serving.predict(ROW).status_code == 200
    pid = serving.server.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    assert children == ""
