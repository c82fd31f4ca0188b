"""What Prometheus gets: real requests, a real scrape, read by Prometheus' own parser."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import models as samples
import numpy as np
import pandas as pd
import pytest
from conftest import Serving
from mlflow.models import infer_signature
from model_server.baseline import NO_BASELINE
from model_server.metrics import Metrics
from model_server.observed import Observed
from model_server.registry import ModelVersion
from model_server.settings import read_settings
from models import EXAMPLE, FEATURES, Models
from processes import SOURCES, until
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from python_models import Waiting

from training import baseline

Start = Callable[..., Serving]
MODEL = samples.linear()
KNOWN = baseline(FEATURES, MODEL.predict(FEATURES))


def records(rows: pd.DataFrame) -> dict[str, Any]:
    return {"dataframe_split": rows.to_dict(orient="split", index=False)}


def series(serving: Serving, name: str) -> dict[tuple[str, ...], float]:
    """Values of one metric by its labels' values, in the order of the labels' names."""
    return {
        tuple(
            value for name, value in sorted(sample.labels.items()) if name != "model"
        ): sample.value
        for family in text_string_to_metric_families(serving.metrics)
        for sample in family.samples
        if sample.name == name
    }


def drift(serving: Serving, version: str) -> dict[str, float]:
    found = series(serving, "model_input_drift_psi")
    assert {served for _, served in found} <= {version}
    return {feature: index for (feature, _), index in found.items()}


def served(models: Models, start: Start, metadata: object, **settings: str) -> tuple[Serving, str]:
    version = models.promote(models.add(MODEL, metadata=metadata))
    serving = start(models, **settings)
    serving.wait_for(version)
    return serving, version


def test_rows_like_those_of_training_are_no_drift_and_shifted_ones_are(
    models: Models, start_server: Start
) -> None:
    serving, version = served(models, start_server, KNOWN)
    rows = {(version,): 0.0}
    assert series(serving, "model_input_drift_rows") == rows
    assert drift(serving, version) == {}

    alike = FEATURES.sample(199, random_state=1)
    assert serving.predict(records(alike)).status_code == 200
    assert drift(serving, version) == {}, "199 rows are too few"
    for row in range(len(FEATURES)):  # as a page asks: one by one
        serving.predict(records(FEATURES.iloc[[row]]))
    found = drift(serving, version)
    assert set(found) == set(FEATURES.columns)
    assert max(found.values()) < 0.05

    shifted = FEATURES.assign(bmi=FEATURES["bmi"] + 2 * FEATURES["bmi"].std())
    serving.predict(records(shifted.sample(1500, replace=True, random_state=2)))
    rows[(version,)] = 199 + len(FEATURES) + 1500
    assert series(serving, "model_input_drift_rows") == rows
    found = drift(serving, version)
    assert found.pop("bmi") > 0.25
    assert max(found.values()) < 0.05


def test_predicted_values_are_counted_in_buckets_of_their_range(
    models: Models, start_server: Start
) -> None:
    serving, version = served(models, start_server, KNOWN)
    count = f'model_prediction_value_count{{model_version="{version}"}}'
    assert 'model_prediction_value_bucket{le="+Inf"' in serving.metrics
    assert serving.metric(count) == 0, "the proof is not a prediction that anybody asked for"
    answers = serving.predict(records(FEATURES)).json()["predictions"]
    buckets = series(serving, "model_prediction_value_bucket")
    assert 10 <= len(buckets) <= 21
    for (bound, _), value in buckets.items():
        assert value == sum(answer <= float(bound) for answer in answers)
    assert sum(value > 0 for value in buckets.values()) >= 8
    assert serving.metric(count) == len(answers)
    total = f'model_prediction_value_sum{{model_version="{version}"}}'
    assert serving.metric(total) == pytest.approx(sum(answers))


def test_refused_requests_are_not_counted(models: Models, start_server: Start) -> None:
    serving, version = served(models, start_server, KNOWN)
    assert serving.predict(records(EXAMPLE.drop(columns="bmi"))).status_code == 400
    assert series(serving, "model_input_drift_rows") == {(version,): 0.0}
    assert series(serving, "model_prediction_value_count") == {(version,): 0.0}


def test_without_a_baseline_there_is_no_drift_and_buckets_fit_anything(
    models: Models, start_server: Start
) -> None:
    serving, version = served(models, start_server, None)
    assert serving.predict(records(FEATURES)).status_code == 200
    assert "model_input_drift_psi{" not in serving.metrics
    assert "model_input_drift_rows{" not in serving.metrics
    buckets = series(serving, "model_prediction_value_bucket")
    assert buckets["-1000.0", version] == 0
    assert buckets["+Inf", version] == len(FEATURES)


def test_a_malformed_baseline_costs_the_drift_and_never_the_service(
    models: Models, start_server: Start
) -> None:
    malformed = {"baseline": {"version": 1, "features": {"bmi": {"edges": "none"}}}}
    serving, version = served(models, start_server, malformed)
    assert serving.predict(records(FEATURES)).status_code == 200
    assert "model_input_drift_rows{" not in serving.metrics
    assert serving.metric("model_load_failures_total") == 0
    line = (
        f"version {version} is served without drift: its baseline cannot be used: "
        "feature 'bmi' needs edges, and a count for each bin and missing"
    )
    assert serving.server.log.count(line) == 1
    assert "Traceback" not in serving.server.log


def test_features_that_requests_do_not_have_are_left_out(
    models: Models, start_server: Start
) -> None:
    known = baseline(FEATURES[["bmi"]].assign(income=FEATURES["s1"]))
    serving, version = served(models, start_server, known)
    serving.predict(records(FEATURES))
    assert list(drift(serving, version)) == ["bmi"]
    assert "its baseline describes 'income', not among the numbers" in serving.server.log


def test_labels_are_no_values(models: Models, start_server: Start) -> None:
    model, example = samples.classifier()
    version = models.promote(models.add(model, example))
    serving = start_server(models)
    serving.wait_for(version)
    assert serving.predict(records(example)).status_code == 200
    assert "model_prediction_value_bucket{" not in serving.metrics


def test_a_switch_of_versions_starts_the_window_anew(models: Models, start_server: Start) -> None:
    serving, first = served(models, start_server, KNOWN)
    second = models.add(samples.linear(2.0), metadata=KNOWN)
    for version in (second, first):
        serving.predict(records(FEATURES))
        assert len(series(serving, "model_input_drift_psi")) == len(FEATURES.columns)
        models.promote(version)
        serving.wait_for(version)
        assert series(serving, "model_input_drift_rows") == {(version,): 0.0}
        assert drift(serving, version) == {}
    models.remove_alias()
    until(
        lambda: "model_input_drift_rows{" not in serving.metrics, "no drift of what is not served"
    )


def test_series_of_old_versions_are_let_go_but_never_those_of_the_served_one() -> None:
    metrics = Metrics("m")
    environment = {"MLFLOW_TRACKING_URI": "http://mlflow:5000", "MODEL_NAME": "m"}
    settings = read_settings(environment)

    def versions() -> set[str]:
        return {
            sample.labels["model_version"]
            for family in metrics.registry.collect()
            for sample in family.samples
            if "model_version" in sample.labels
        }

    metrics.request_done("none", 503, 0.1)
    for number in range(1, 51):
        version = ModelVersion("m", str(number), None, 0)
        metrics.taken(version, "champion", Observed(NO_BASELINE, settings))
        metrics.request_done(version.version, 200, 0.1)
        metrics.request_done(version.version, 500, 0.1)
        metrics.rows.labels(version.version).inc()
    assert versions() == {"none", "46", "47", "48", "49", "50"}
    for number in range(51, 101):
        metrics.load_failed(str(number), "crash")
    assert versions() == {"none", "50", "97", "98", "99", "100"}


def test_every_series_names_the_model_before_there_is_a_version_and_after(
    models: Models, start_server: Start
) -> None:
    models.name += ' "größer"'
    serving = start_server(models)

    def named() -> set[str]:
        families = text_string_to_metric_families(serving.metrics)
        samples = [sample for family in families for sample in family.samples]
        assert {sample.labels["model"] for sample in samples} == {models.name}
        return {sample.name for sample in samples}

    assert {"model_server_up", "process_resident_memory_bytes", "python_info"} <= named()
    assert "model_info" not in named()
    version = models.promote(models.add(MODEL, metadata=KNOWN))
    serving.wait_for(version)
    assert serving.predict(records(FEATURES)).status_code == 200
    assert {"model_info", "model_requests_total", "model_input_drift_psi"} <= named()


def test_only_the_metrics_port_has_metrics(models: Models, start_server: Start) -> None:
    serving, _ = served(models, start_server, KNOWN)
    refused = serving.http.get("/metrics")
    assert refused.status_code == 404
    assert refused.json() == {"detail": "Not Found"}
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    modern = httpx.get(serving.server.metrics_url, headers=accept)
    assert "application/openmetrics-text" in modern.headers["Content-Type"]
    names = {family.name for family in openmetrics(modern.text)}
    assert {"model_requests", "model_prediction_value", "model_input_drift_rows"} <= names
    metrics_port = httpx.URL(serving.server.metrics_url).copy_with(path="/model")
    assert "input_example" not in httpx.get(metrics_port).text


def test_scrapes_are_answered_while_every_prediction_waits(
    models: Models, start_server: Start, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    signature = infer_signature(EXAMPLE, [1.0])
    version = models.promote(models.add_python(Waiting(gate), signature=signature, metadata=KNOWN))
    serving = start_server(models, MODEL_ALLOW_PICKLE="true", PREDICTION_THREADS="1")
    serving.wait_for(version)
    gate.touch()
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(serving.predict, records(EXAMPLE))
        until(gate.with_suffix(".reached").exists, "the prediction has begun")
        assert serving.metric("model_requests_in_flight") == 1
        assert series(serving, "model_input_drift_rows") == {(version,): 0.0}
        gate.unlink()
        assert answer.result().status_code == 200
    assert series(serving, "model_input_drift_rows") == {(version,): 3.0}


def test_a_taken_metrics_port_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "model_server"],
            env={
                "PYTHONPATH": str(SOURCES),
                "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
                "MODEL_NAME": "m",
                "HOST": "127.0.0.1",
                "METRICS_PORT": str(port),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert ended.returncode == 2
    assert ended.stderr == (
        f"error: METRICS_PORT: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "give it a port that is free\n"
    )


def test_the_numbers_of_a_baseline_are_counted_for_every_type_of_column(
    models: Models, start_server: Start
) -> None:
    model, example, signature = samples.with_categories()
    rows = pd.DataFrame(
        {"city": ["Bern", "Lyon"] * 20, "rooms": range(40), "area": [50.5, np.nan, 70, 80] * 10}
    )
    version = models.promote(
        models.add(
            model,
            example,
            signature=signature,
            serialization_format="cloudpickle",
            metadata=baseline(rows, model.predict(rows)) | {"owner": "dana"},
        )
    )
    serving = start_server(models, MODEL_ALLOW_PICKLE="true", DRIFT_MIN_ROWS="40")
    serving.wait_for(version)
    described = serving.http.get("/model").json()
    assert described["owner"] == "dana"
    assert described["ranges"] == {"rooms": [0, 39], "area": [50.5, 80]}
    sent = rows.astype(object).where(rows.notna(), None)
    assert serving.predict(records(sent)).status_code == 200
    assert drift(serving, version) == {"rooms": 0, "area": 0}
    csv = rows.drop(columns="area").to_csv(index=False)
    headers = {"Content-Type": "text/csv"}
    answer = serving.http.post("/invocations", content=csv, headers=headers)
    assert answer.status_code == 200
    found = drift(serving, version)
    assert found["rooms"] == 0
    assert found["area"] > 0.25, "half of the rows came without it"
