"""Versions that would end or stop the server are tried out in a child process, which they end."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import models as samples
import pytest
from conftest import Serving
from mlflow.models import infer_signature
from model_server.proof import Prover
from model_server.registry import ModelVersion
from models import EXAMPLE, FEATURES, TARGET, Models
from processes import until
from python_models import Hanging, Leaving
from sklearn.ensemble import HistGradientBoostingRegressor

Start = Callable[..., Serving]
ROW = {"dataframe_records": EXAMPLE.head(1).to_dict(orient="records")}
SIGNATURE = infer_signature(EXAMPLE, [1.0])


def add_crashing(models: Models) -> str:
    return models.add(samples.crashing(), None, signature=SIGNATURE)


def add_too_large(models: Models) -> str:
    types = [
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
    ]
    model = samples.too_large(mebibytes=700)
    return models.add(model, None, signature=SIGNATURE, skops_trusted_types=types)


@contextmanager
def asked_steadily(serving: Serving) -> Iterator[Counter[int]]:
    """Twenty requests a second in the meantime; the statuses of their answers."""
    statuses: Counter[int] = Counter()
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=serving.server.url, timeout=30) as http:
            while not stop.wait(0.05):
                try:
                    statuses[http.post("/invocations", json=ROW).status_code] += 1
                except httpx.HTTPError:
                    statuses[0] += 1

    client = threading.Thread(target=ask)
    client.start()
    try:
        yield statuses
    finally:
        stop.set()
        client.join()


@pytest.mark.parametrize(
    ("add", "reason", "cause"),
    [
        pytest.param(add_crashing, r"crashes \(SIGSEGV\)", "crash", id="crash"),
        pytest.param(add_too_large, r"more memory than the \d+ MiB", "memory", id="memory"),
    ],
)
def test_a_killer_costs_no_request(
    models: Models, start_server: Start, add: Callable[[Models], str], reason: str, cause: str
) -> None:
    sound = models.promote(models.add(samples.linear()))
    serving = start_server(models, MEMORY_LIMIT_BYTES=str(700 * 2**20))
    serving.wait_for(sound)
    with asked_steadily(serving) as statuses:
        killer = models.promote(add(models))
        assert re.search(reason, serving.wait_for_refusal(killer))
        time.sleep(1)
    assert set(statuses) == {200}
    assert serving.version == sound
    assert (
        serving.metric(f'model_load_crashes_total{{cause="{cause}",model_version="{killer}"}}') == 1
    )


def test_a_killer_is_remembered_when_the_container_restarts(
    models: Models, start_server: Start
) -> None:
    killer = models.promote(add_crashing(models))
    serving = start_server(models)

    def detail() -> str:
        return serving.http.get("/model").json()["detail"]

    until(lambda: "SIGSEGV" in detail(), "the crash is reported")
    os.kill(serving.server.pid, signal.SIGKILL)
    serving.server.wait(10)
    serving.server.start()
    until(lambda: f"version {killer}" in detail(), "the crash is reported again")
    assert "SIGSEGV" in detail()
    # known without another try
    assert serving.metric(f'model_load_failures_total{{model_version="{killer}"}}') >= 1
    assert "model_load_crashes_total{" not in serving.metrics
    sound = models.promote(models.add(samples.linear()))
    serving.wait_for(sound)


def test_a_load_that_hangs_is_reported_and_given_up(
    models: Models, start_server: Start, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    hanging = models.add_python(Hanging(gate), signature=SIGNATURE)
    gate.touch()
    first, second = (models.add(samples.linear(slope)) for slope in (1.0, 2.0))
    models.promote(first)
    serving = start_server(models, MODEL_ALLOW_PICKLE="true", LOAD_TIMEOUT_SECONDS="8")
    serving.wait_for(first)

    models.promote(hanging)
    loading = until(lambda: serving.load_error, "the long load is reported")
    assert (loading["version"], loading["state"]) == (hanging, "loading")
    models.promote(second)
    serving.wait_for(second)
    assert serving.load_error is None

    models.promote(hanging)
    assert "within 8 s" in serving.wait_for_refusal(hanging)
    assert serving.version == second


def test_a_version_that_exits_while_it_predicts_is_refused(
    models: Models, start_server: Start, tmp_path: Path
) -> None:
    trigger = tmp_path / "trigger"
    leaving = models.add_python(Leaving(trigger), signature=SIGNATURE, input_example=EXAMPLE)
    trigger.touch()
    sound = models.promote(models.add(samples.linear()))
    serving = start_server(models, MODEL_ALLOW_PICKLE="true")
    serving.wait_for(sound)
    models.promote(leaving)
    assert "exits with 3" in serving.wait_for_refusal(leaving)
    assert serving.predict(ROW).status_code == 200


def test_no_second_process_stays_next_to_a_version_that_is_served(
    models: Models, start_server: Start
) -> None:
    first, second = (models.add(samples.linear(slope)) for slope in (1.0, 2.0))
    models.promote(first)
    serving = start_server(models)
    serving.wait_for(first)
    assert serving.server.children == []
    models.promote(second)
    serving.wait_for(second)
    assert serving.server.children == []


def test_a_version_is_served_although_the_process_that_tries_it_out_was_killed(
    models: Models, start_server: Start
) -> None:
    version = models.add(samples.linear())
    serving = start_server(models)
    [child] = serving.server.children
    os.kill(child, signal.SIGKILL)
    models.promote(version)
    serving.wait_for(version)


def test_nothing_is_left_running_when_the_server_is_killed(
    models: Models, start_server: Start
) -> None:
    serving = start_server(models)
    [child] = serving.server.children
    os.kill(serving.server.pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{child}").exists(), "the child has ended too")


def test_a_model_that_computes_in_parallel_is_tried_out_where_another_did_so_before(
    tmp_path: Path,
) -> None:
    """OpenMP of a process that was forked waits for the threads of the one that it is a copy of."""
    boosting = HistGradientBoostingRegressor(max_iter=2).fit(FEATURES, TARGET)
    prover = Prover(lambda *_: boosting.predict(FEATURES), 30, None)
    prover.prove(prover.begin(), ModelVersion("m", "1", None, 0), tmp_path)
