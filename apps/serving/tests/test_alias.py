"""The server follows the alias, whatever version it is moved to and whatever that version is."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import mlflow
import models as samples
import pytest
from conftest import Serving
from mlflow.models import infer_signature
from models import EXAMPLE, FEATURES, Models
from needs_more import NeedsMore
from processes import Server, free_port, tracking_server, until
from python_models import Failing

Start = Callable[..., Serving]
ROW = {"dataframe_records": EXAMPLE.head(1).to_dict(orient="records")}
SIGNATURE = infer_signature(EXAMPLE, [1.0])


def prediction(slope: float) -> float:
    return float(samples.linear(slope).predict(FEATURES.head(1))[0])


def test_without_a_model_it_is_ready_and_says_why(models: Models, start_server: Start) -> None:
    serving = start_server(models)
    until(lambda: serving.http.get("/ready").status_code == 200, "ready without a model")
    sentence = f"No model to serve yet: no model {models.name} is registered in MLflow."
    for answer in (serving.predict(ROW), serving.http.get("/model")):
        assert answer.status_code == 503
        assert answer.json() == {"detail": sentence}
        assert "X-Model-Version" not in answer.headers
    assert serving.http.get("/health").status_code == 200
    assert serving.http.get("/ping").status_code == 404
    version = models.promote(models.add(samples.linear()))
    serving.wait_for(version)
    assert serving.predict(ROW).status_code == 200


def test_swap_and_rollback_under_load_fail_no_request(models: Models, start_server: Start) -> None:
    first, second = (models.add(samples.linear(slope)) for slope in (1.0, 2.0))
    right = {first: prediction(1.0), second: prediction(2.0)}
    models.promote(first)
    serving = start_server(models)
    serving.wait_for(first)
    stop = threading.Event()
    statuses: Counter[int] = Counter()
    versions: list[list[str]] = [[], []]
    wrong: list[str] = []

    def client(seen: list[str]) -> None:
        with httpx.Client(base_url=serving.server.url, timeout=30) as http:
            while not stop.is_set():
                answer = http.post("/invocations", json=ROW)
                statuses[answer.status_code] += 1
                version = answer.headers["X-Model-Version"]
                if not seen or seen[-1] != version:
                    seen.append(version)
                if answer.json()["predictions"] != pytest.approx([right[version]]):
                    wrong.append(f"{version}: {answer.text}")

    clients = [threading.Thread(target=client, args=(seen,)) for seen in versions]
    for thread in clients:
        thread.start()
    try:
        for version in (second, first, second):
            models.promote(version)
            until(
                lambda wanted=version: all(seen and seen[-1] == wanted for seen in versions),
                f"every client gets its answers from version {version}",
            )
    finally:
        stop.set()
        for thread in clients:
            thread.join()
    assert set(statuses) == {200}
    assert statuses[200] > 50
    assert versions == [[first, second, first, second]] * 2
    assert wrong == []
    until(lambda: len(serving.downloads) == 1, "the files of replaced versions are gone")
    assert serving.metric('model_loads_total{model_version="2"}') == 2


def test_removing_the_alias_stops_serving(models: Models, start_server: Start) -> None:
    version = models.promote(models.add(samples.linear()))
    serving = start_server(models)
    serving.wait_for(version)
    models.remove_alias()
    until(lambda: serving.predict(ROW).status_code == 503, "nothing is served")
    assert "has the alias champion" in serving.predict(ROW).json()["detail"]
    assert "model_info{" not in serving.metrics
    until(lambda: serving.downloads == [], "the model's files are gone")
    models.promote(version)
    serving.wait_for(version)


def without_signature(models: Models, folder: Path) -> str:
    return models.add(samples.linear(), example=None)


def missing_module(models: Models, folder: Path) -> str:
    return models.add_python(NeedsMore(), signature=SIGNATURE)


def failing_example(models: Models, folder: Path) -> str:
    trigger = folder / "trigger"
    version = models.add_python(Failing(trigger, False), signature=SIGNATURE)
    trigger.touch()
    return version


def broken_pickle(models: Models, folder: Path) -> str:
    path = folder / "model"
    mlflow.sklearn.save_model(
        samples.linear(),
        path,
        serialization_format="pickle",
        signature=SIGNATURE,
        pip_requirements=samples.REQUIREMENTS,
    )
    file = path / "model.pkl"
    file.write_bytes(file.read_bytes()[:200])
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(path), "broken")
    source = f"runs:/{run.info.run_id}/broken"
    return str(mlflow.register_model(source, models.name).version)


BROKEN = {
    without_signature: "it has no signature",
    missing_module: "it needs the Python module 'needs_more'",
    failing_example: "it cannot predict a row made from its signature: KeyError: 'lost'",
    broken_pickle: "it cannot be loaded: ",
}


def test_broken_versions_leave_the_old_one_serving(
    models: Models, start_server: Start, tmp_path: Path
) -> None:
    good = models.promote(models.add(samples.linear()))
    serving = start_server(models, MODEL_ALLOW_PICKLE="true")
    serving.wait_for(good)
    for make, reason in BROKEN.items():
        bad = models.promote(make(models, tmp_path))
        assert reason in serving.wait_for_refusal(bad)
        assert serving.predict(ROW).headers["X-Model-Version"] == good
        assert serving.metric(f'model_load_failures_total{{model_version="{bad}"}}') >= 1
        assert reason in serving.server.log
        until(lambda: len(serving.downloads) == 1, "the files of the broken version are gone")
        models.promote(good)
        until(lambda: serving.load_error is None, "moving the alias back clears the failure")
        assert serving.version == good


def test_a_broken_first_version_is_named_in_the_answer(
    models: Models, start_server: Start, tmp_path: Path
) -> None:
    version = models.promote(without_signature(models, tmp_path))
    serving = start_server(models, STARTUP_GRACE_SECONDS="0")
    expected = f"No model is loaded: version {version}: it has no signature"
    until(lambda: serving.predict(ROW).json()["detail"].startswith(expected), "the reason is given")
    assert serving.predict(ROW).status_code == 503


@pytest.mark.parametrize("format_", ["pickle", "cloudpickle"])
def test_pickles_are_refused_unless_allowed(
    models: Models, start_server: Start, format_: str
) -> None:
    version = models.promote(models.add(samples.linear(), serialization_format=format_))
    serving = start_server(models)
    reason = f"keeps it in model.pkl, in {format_} format, which runs code when loaded"
    until(lambda: reason in serving.predict(ROW).json()["detail"], "the reason is given")
    allowing = start_server(models, MODEL_ALLOW_PICKLE="true")
    allowing.wait_for(version)


def test_tracking_server_away_and_back(
    tmp_path: Path, start_server: Start, request: pytest.FixtureRequest
) -> None:
    port = free_port()
    tracking: Server = tracking_server(tmp_path, port)
    request.addfinalizer(tracking.stop)
    tracking.start()
    models = Models(tracking.url, "away")
    first = models.promote(models.add(samples.linear(1.0)))
    second = models.add(samples.linear(2.0))
    serving = start_server(models)
    serving.wait_for(first)

    tracking.stop()
    error = until(lambda: serving.load_error, "the outage is shown")
    assert error["version"] is None
    assert f"the tracking server at {tracking.url} does not answer" in str(error["reason"])
    assert serving.metric("model_registry_errors_total") >= 1
    assert serving.predict(ROW).headers["X-Model-Version"] == first
    assert serving.http.get("/ready").status_code == 200
    late = start_server(models)
    assert late.http.get("/ready").status_code == 503
    until(lambda: "does not answer" in late.predict(ROW).json()["detail"], "the reason is given")

    tracking.start()
    models.promote(second)
    serving.wait_for(second)
    late.wait_for(second)
    assert serving.load_error is None
    assert late.http.get("/ready").json() == {"status": "ok", "model_version": second}
