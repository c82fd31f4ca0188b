"""Several models on one page: each has its own form, and none waits for another."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import PAGE
from prediction_app import client
from prediction_app.listing import Listed, listed
from running import write_listing
from streamlit.testing.v1 import AppTest
from stub import DIABETES, StubModelServer, described
from test_page import asked, press, texts

CHURN: dict[str, Any] = described(
    [("plan", "string", True), ("months", "long", True)],
    {"columns": ["plan", "months"], "data": [["basic", 3], ["pro", 20], ["basic", 7]]},
) | {"name": "churn", "version": "12", "alias": "live", "owner": "dana"}

Open = Callable[..., AppTest]


@pytest.fixture
def churn() -> Iterator[StubModelServer]:
    server = StubModelServer(model=CHURN)
    yield server
    server.stop()


@pytest.fixture
def open_models(
    server: StubModelServer,
    churn: StubModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Open:
    """Opens the page of both models as a new visitor."""
    servers = {"diabetes-progression": server.url, "churn": churn.url}
    monkeypatch.setenv("SERVICES_FILE", write_listing(tmp_path, servers))

    def opened(**query: str) -> AppTest:
        listed.cache_clear()
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        for name, value in query.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return opened


def test_the_address_selects_a_model(
    server: StubModelServer, churn: StubModelServer, open_models: Open
) -> None:
    page = open_models(model="churn")
    assert page.title[0].value == "Churn"
    assert "version 12" in texts(page)
    assert [field.label for field in page.text_input] == ["months"]
    press(page, "Predict")
    assert asked(churn) == {"plan": "basic", "months": 3}
    assert server.requests == []


def test_the_picker_changes_the_model_its_answer_and_the_address(
    server: StubModelServer, open_models: Open
) -> None:
    page = press(open_models(model="churn"), "Predict")
    assert page.metric
    page.sidebar.selectbox[0].set_value("diabetes-progression").run()
    assert page.title[0].value == "Diabetes progression"
    assert page.query_params["model"] == "diabetes-progression"
    assert not page.metric
    press(page, "Predict")
    assert len(server.requests) == 1
    page.sidebar.selectbox[0].set_value("").run()
    assert page.title[0].value == "Models"


def test_the_front_page_lists_every_model_with_its_state(
    server: StubModelServer, churn: StubModelServer, open_models: Open
) -> None:
    server.model = None
    page = open_models()
    shown = texts(page)
    for text in (
        "Diabetes progression",
        "Churn",
        server.url,
        churn.url,
        "No model",
        "version 12",
        "live",
        "owner dana",
    ):
        assert text in shown
    next(button for button in page.button if button.key == "open churn").click().run()
    assert page.title[0].value == "Churn"


def test_the_front_page_of_many_models_shows_some_and_finds_the_others(
    server: StubModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"model-{number}" for number in range(200)]
    listing = write_listing(tmp_path, dict.fromkeys(names, server.url))
    monkeypatch.setenv("SERVICES_FILE", listing)
    listed.cache_clear()
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()

    def cards() -> list[str]:
        return [str(button.key).removeprefix("open ") for button in page.button]

    assert cards() == names[:20]
    assert "20 of 200 models." in texts(page)
    page.text_input[0].set_value(" Model 19").run()
    assert cards() == ["model-19", *(f"model-19{number}" for number in range(10))]
    assert "of 11" not in texts(page)
    page.text_input[0].set_value("churn").run()
    assert cards() == []
    assert "No model matches." in texts(page)
    # the picker has them all, and finds by typing as well
    assert len(page.sidebar.selectbox[0].options) == 201


def test_an_unknown_model_is_named_with_the_existing_ones(open_models: Open) -> None:
    page = open_models(model="<b>x</b>")
    assert [error.value.replace("\\", "") for error in page.error] == [
        "This page has no model '<b>x</b>'; it has diabetes-progression, churn."
    ]
    assert page.title[0].value == "Models"


def test_a_page_of_one_model_has_no_picker_and_says_that_it_has_no_other(
    server: StubModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = write_listing(tmp_path, {"diabetes-progression": server.url})
    monkeypatch.setenv("SERVICES_FILE", listing)
    listed.cache_clear()
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.selectbox
    assert page.title[0].value == "Diabetes progression"
    page.query_params["model"] = "churn"
    page.run()
    assert page.error[0].value == "This page has no model 'churn'; it has diabetes-progression."


def test_a_server_that_hangs_or_is_gone_delays_no_other_model(
    server: StubModelServer,
    churn: StubModelServer,
    open_models: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # a page that waited for the answer would never be drawn
    monkeypatch.setattr(client, "_DESCRIBE_SECONDS", 3600)
    server.released.clear()
    page = open_models(model="churn")
    press(page, "Predict")
    assert page.metric
    overview = open_models()
    assert "The model server has not answered yet." in texts(overview)
    assert "version 12" in texts(overview)
    hanging = open_models(model="diabetes-progression")
    assert "continues automatically as soon as it answers" in texts(hanging)
    churn.stop()
    assert "The model server cannot be reached." in texts(open_models())


def test_a_server_that_is_always_slow_has_its_page(
    server: StubModelServer, open_models: Open
) -> None:
    server.delay = 2
    page = open_models(model="diabetes-progression")
    time.sleep(1)
    page.run()
    assert page.title[0].value == "Diabetes progression"
    assert "has not answered" not in texts(page)


def test_both_servers_keep_their_own_faults(
    server: StubModelServer, churn: StubModelServer, open_models: Open
) -> None:
    server.model = DIABETES | {"load_error": {"version": "4", "reason": "it is broken"}}
    assert "could not be loaded" in texts(open_models(model="diabetes-progression"))
    assert "could not be loaded" not in texts(open_models(model="churn"))


def test_the_page_follows_its_list_and_keeps_what_it_knows_of_the_others(
    server: StubModelServer, churn: StubModelServer, tmp_path: Path, open_models: Open
) -> None:
    page = open_models(model="churn")
    page.text_input[0].set_value("31")
    both = {"diabetes-progression": server.url, "churn": churn.url}
    write_listing(tmp_path, {**both, "new": "http://127.0.0.1:9"})
    press(page, "Predict")
    assert asked(churn) == {"plan": "basic", "months": 31}
    assert page.sidebar.selectbox[0].options == [
        "All models",
        *("Diabetes progression", "Churn", "New"),
    ]
    (tmp_path / "services.json").write_text("{")
    page.run()
    assert page.title[0].value == "Churn"
    write_listing(tmp_path, {"diabetes-progression": server.url})
    page.run()
    assert "This page has no model 'churn'" in texts(page)


def test_a_list_that_is_removed_for_a_moment_is_kept(
    server: StubModelServer, tmp_path: Path
) -> None:
    file = write_listing(tmp_path, {"churn": server.url})
    listed = Listed({"SERVICES_FILE": file})
    before = listed.now()
    Path(file).unlink()
    assert listed.now() is before
    write_listing(tmp_path, {"churn": server.url, "new": server.url})
    assert listed.now().models[0] is before.models[0]
    assert [model.name for model in listed.now().models] == ["churn", "new"]


@pytest.fixture
def answers() -> Iterator[dict[str, tuple[int, str]]]:
    """A server of everything else: status and content by path; its own address is under ""."""
    known: dict[str, tuple[int, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = known.get(self.path, (404, ""))
            time.sleep(4 if self.path == "/slow" else 0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            pass

    other = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=other.serve_forever, args=[0.01], daemon=True).start()
    known[""] = (0, f"http://127.0.0.1:{other.server_port}")
    yield known
    other.shutdown()
    other.server_close()


FOUND = '{"data": {"resultType": "vector", "result": [{"metric": {"version": "0.29.0"}}]}}'


@pytest.mark.parametrize(
    ("path", "status", "content", "told"),
    [
        ("/health", 200, "OK", ["Healthy", "version 1.2"]),
        ("/api/health", 200, '{"version": "12.3.1"}', ["Healthy", "version 12.3.1"]),
        ("/info", 200, '{"data": {"version": "3.8.0"}}', ["Healthy", "version 3.8.0"]),
        ("/query", 200, FOUND, ["Healthy", "version 0.29.0"]),
        (
            "/query",
            200,
            '{"data": {"result": []}}',
            ["Unavailable", "Prometheus does not reach it."],
        ),
        ("/health", 503, "starting", ["Unavailable", "It gives an unexpected answer."]),
        ("/health", 302, "", ["Unavailable"]),
        ("/slow", 200, "OK", ["Unknown", "It has not answered yet."]),
    ],
)
def test_the_front_page_lists_a_service_with_what_it_answers_now(
    server: StubModelServer,
    answers: dict[str, tuple[int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    status: int,
    content: str,
    told: list[str],
) -> None:
    answers[path] = (status, content)
    service = {
        "name": "Thing",
        "url": "https://thing.example.org",
        "healthUrl": answers[""][1] + path,
        "seenBy": "Prometheus" if path == "/query" else None,
        "version": "1.2",
        "owner": "dana",
    }
    shown = front_page(tmp_path, monkeypatch, server.url, service)
    for text in ("Thing", "https://thing.example.org", "owner dana", *told):
        assert text in shown
    assert ("Healthy" in shown) == ("Healthy" in told)


def test_a_service_that_cannot_be_reached_is_not_called_healthy(
    server: StubModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreachable = {"url": "http://a.mlops.svc.cluster.local", "healthUrl": "http://127.0.0.1:9"}
    shown = front_page(
        tmp_path,
        monkeypatch,
        server.url,
        {"name": "First", **unreachable},
        {"name": "Second", **unreachable, "seenBy": "First"},
    )
    assert "It cannot be reached." in shown
    assert "First, which watches it, cannot be reached." in shown
    assert "Healthy" not in shown
    assert "npm run connect" in shown
    assert "cluster.local" not in shown


def front_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch, model_server: str, *services: dict[str, Any]
) -> str:
    """What a visitor of the front page reads, with one model."""
    file = write_listing(folder, {"diabetes-progression": model_server}, list(services))
    monkeypatch.setenv("SERVICES_FILE", file)
    listed.cache_clear()
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value == "Services"
    assert page.sidebar.selectbox[0].options == ["All services", "Diabetes progression"]
    return texts(page)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not such a file"),
        ("[]", "has none"),
        ("{}", "has none"),
        ('{"models": []}', "has none"),
        ('{"models": [{"name": "churn", "serverUrl": "churn:8080"}]}', 'is {"name": "churn"'),
        ('{"models": ["http://a"]}', 'is "http://a"'),
        ('{"models": [{"serverUrl": "http://a"}]}', 'is {"serverUrl"'),
    ],
)
def test_a_wrong_list_ends_the_start_with_its_form(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "services.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="SERVICES_FILE must name a JSON file") as caught:
        Listed({"SERVICES_FILE": str(file)})
    assert told in str(caught.value)


def test_a_wrong_service_is_refused_with_what_it_is(tmp_path: Path) -> None:
    file = write_listing(tmp_path, {"churn": "http://a"}, [{"name": "MLflow", "url": "mlflow"}])
    with pytest.raises(ValueError, match="a service must have a name and a url") as caught:
        Listed({"SERVICES_FILE": file})
    assert '{"name": "MLflow", "url": "mlflow"}' in str(caught.value)


def test_a_single_address_is_a_page_of_one_model() -> None:
    (model,) = Listed({"MODEL_SERVER_URL": "http://a:1"}).now().models
    assert (model.name, model.server.url) == ("", "http://a:1")
    assert Listed({}).now().models[0].server.url == "http://model-server:8080"
