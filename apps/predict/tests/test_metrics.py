"""The page's metrics for Prometheus, and their port."""

import importlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from prediction_app import metrics
from running import RunningPage, start_page, write_listing
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.testing.v1 import AppTest
from stub import DIABETES, StubModelServer
from test_page import press
from websockets.sync.client import ClientConnection, connect

Open = Callable[[str], AppTest]


def test_a_visit_moves_the_metrics(page: RunningPage) -> None:
    before = page.samples()
    assert before[of_page("sessions")] == 0
    assert before[of_page("runs_total")] == 0
    with visit(page) as first, visit(page) as second:
        for visitor in (first, second):
            visitor.send(BackMsg(rerun_script={}).SerializeToString())
        during = wait_for(page, of_page("runs_total"), 2)
        assert during[of_page("sessions")] == 2
        assert during[of_page("run_duration_seconds_count")] == 2
        assert during[asked("describe", "ok")] >= 1
        assert during[of_page("run_errors_total")] == 0
    wait_for(page, of_page("sessions"), 0)


def test_every_series_names_the_model_that_a_visitor_looks_at(
    server: StubModelServer, tmp_path: Path
) -> None:
    servers = {"churn": server.url, "größe 2": server.url}
    page = start_page(tmp_path, SERVICES_FILE=write_listing(tmp_path, servers))
    try:
        known = page.samples()
        for model in servers:
            for name in ("sessions", "runs_total", "run_errors_total", "predictions_total"):
                assert known[of_page(name, model)] == 0
            assert known[asked("predict", "unavailable", model)] == 0
        lines = [line for line in known if "{" in line]
        assert lines == [line for line in lines if 'model="' in line]
        with visit(page) as visitor, visit(page) as other:
            overview = BackMsg(rerun_script={}).SerializeToString()
            churn = BackMsg(rerun_script={"query_string": "model=churn"}).SerializeToString()
            other.send(overview)
            visitor.send(churn)
            during = wait_for(page, of_page("sessions", "churn"), 1)
            wait_for(page, of_page("sessions"), 1)
            assert during[of_page("sessions", "größe 2")] == 0
            wait_for(page, of_page("runs_total", "churn"), 1)
            visitor.send(overview)
            wait_for(page, of_page("sessions"), 2)
        after = wait_for(page, of_page("sessions"), 0)
        assert len(after) == len(known), "no series is there that was not from the start"
        write_listing(tmp_path, servers | {"added": server.url})
        assert page.samples()[asked("predict", "unavailable", "added")] == 0
    finally:
        page.process.kill()
        page.process.wait()


@pytest.mark.parametrize("path", ["metrics", "metrics/", "metrics?families=active_sessions"])
def test_visitors_get_no_metrics(page: RunningPage, path: str) -> None:
    for address in (f"http://{page.address}/_stcore/{path}", f"http://{page.address}/{path}"):
        reply = requests.get(address, timeout=10)
        assert "sessions" not in reply.text
    assert requests.get(f"http://{page.address}/_stcore/metrics", timeout=10).status_code == 404


def test_predictions_and_what_went_wrong_are_counted(
    server: StubModelServer, open_page: Open
) -> None:
    page = open_page(server.url)
    assert change(lambda: press(page, "Predict"), asked("predict", "ok")) == 1
    assert change(lambda: press(page, "Predict"), of_page("predictions_total")) == 1
    server.refusal = "Column 'age', row 1: a whole number is required"
    assert change(lambda: press(page, "Predict"), asked("predict", "refused")) == 1
    assert change(lambda: press(page, "Predict"), of_page("predictions_total")) == 0
    server.model = None
    assert change(page.run, asked("describe", "no_model")) == 1
    server.stop()
    assert change(page.run, asked("describe", "unavailable")) == 1


def test_an_error_of_the_page_itself_is_counted(server: StubModelServer, page: RunningPage) -> None:
    server.model = DIABETES | {"loaded_at": 5}
    with visit(page) as visitor:
        visitor.send(BackMsg(rerun_script={}).SerializeToString())
        wait_for(page, of_page("run_errors_total"), 1)


def test_no_label_comes_from_a_visitor(server: StubModelServer, open_page: Open) -> None:
    page = open_page(server.url)
    before = labels()
    assert {"", "describe"} <= before
    page.text_input[0].set_value("4711")
    press(page, "Predict")
    assert labels() <= before | {"predict", "ok", "no_model", "refused", "unavailable"}


def labels() -> set[str]:
    return {
        value
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
        for name, value in sample.labels.items()
        if name != "le"
    }


def test_the_module_may_be_loaded_again() -> None:
    assert importlib.reload(metrics) is metrics


def visit(page: RunningPage) -> ClientConnection:
    return connect(f"ws://{page.address}/_stcore/stream", origin=f"http://{page.address}")


def of_page(name: str, model: str = "") -> str:
    return f'prediction_app_{name}{{model="{model}"}}'


def asked(request: str, outcome: str, model: str = "") -> str:
    labels = f'model="{model}",outcome="{outcome}",request="{request}"'
    return f"prediction_app_model_server_requests_total{{{labels}}}"


def wait_for(page: RunningPage, name: str, value: float) -> dict[str, float]:
    deadline = time.monotonic() + 30
    while (samples := page.samples()).get(name) != value:
        assert time.monotonic() < deadline, f"{name} is {samples.get(name)}, not {value}"
        time.sleep(0.1)
    return samples


def change(action: Callable[[], object], name: str) -> float:
    """By how much an action raises a metric of this process."""
    before = value_of(name)
    action()
    return value_of(name) - before


def value_of(name: str) -> float:
    for family in metrics.REGISTRY.collect():
        for sample in family.samples:
            labels = ",".join(f'{key}="{sample.labels[key]}"' for key in sorted(sample.labels))
            if name == sample.name + (f"{{{labels}}}" if labels else ""):
                return sample.value
    return 0
