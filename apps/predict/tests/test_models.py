"""Several models on one page: each has its own form, and none waits for another."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import streamlit as st
from conftest import PAGE
from prediction_app.servers import read_servers
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
    server: StubModelServer, churn: StubModelServer, monkeypatch: pytest.MonkeyPatch
) -> Open:
    """Opens the page of both models as a new visitor."""
    servers = {"diabetes-progression": server.url, "churn": churn.url}
    monkeypatch.setenv("MODEL_SERVERS", json.dumps(servers))

    def opened(**query: str) -> AppTest:
        st.cache_resource.clear()
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
    assert [head.value for head in page.subheader] == ["Diabetes progression", "Churn"]
    shown = texts(page)
    for text in (server.url, churn.url, "No model", "version 12", "live", "owner dana"):
        assert text in shown
    next(button for button in page.button if button.key == "open churn").click().run()
    assert page.title[0].value == "Churn"


def test_an_unknown_model_is_named_next_to_those_that_there_are(open_models: Open) -> None:
    page = open_models(model="<b>x</b>")
    assert [error.value.replace("\\", "") for error in page.error] == [
        "This page has no model '<b>x</b>'; it has diabetes-progression, churn."
    ]
    assert page.title[0].value == "Models"


def test_a_page_of_one_model_has_no_picker_and_says_that_it_has_no_other(
    server: StubModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_SERVERS", json.dumps({"diabetes-progression": server.url}))
    st.cache_resource.clear()
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.selectbox
    assert page.title[0].value == "Diabetes progression"
    page.query_params["model"] = "churn"
    page.run()
    assert page.error[0].value == "This page has no model 'churn'; it has diabetes-progression."


def test_a_server_that_hangs_or_is_gone_delays_no_other_model(
    server: StubModelServer, churn: StubModelServer, open_models: Open
) -> None:
    server.delay = 4
    started = time.monotonic()
    page = open_models(model="churn")
    press(page, "Predict")
    assert page.metric
    overview = open_models()
    assert "The model server has not answered yet." in texts(overview)
    assert "version 12" in texts(overview)
    hanging = open_models(model="diabetes-progression")
    assert "goes on by itself as soon as it answers" in texts(hanging)
    # three pages, of which two wait, but not as long as one answer takes
    assert time.monotonic() - started < 2 * server.delay
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "it is not JSON"),
        ("[]", "it has none"),
        ("{}", "it has none"),
        ('{"churn": "churn-server:8080"}', "that of 'churn' is \"churn-server:8080\""),
        ('{"churn": 8080}', "that of 'churn' is 8080"),
        ('{"": "http://a"}', "that of '' is"),
    ],
)
def test_a_wrong_list_of_servers_is_refused_with_its_form(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="MODEL_SERVERS must be a JSON object") as caught:
        read_servers({"MODEL_SERVERS": text})
    assert told in str(caught.value)


def test_one_address_alone_still_is_a_page_of_one_model() -> None:
    assert read_servers({"MODEL_SERVER_URL": "http://a:1"}) == {"": "http://a:1"}
    assert read_servers({}) == {"": "http://model-server:8080"}
