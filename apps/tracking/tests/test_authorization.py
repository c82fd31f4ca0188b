"""How often MLflow's rules reach the database; test_permissions.py says what they decide."""

import pytest
from flask import Flask, Response
from mlflow.protos.service_pb2 import GetMetricHistory, GetRun
from mlflow.server.auth import Requirement
from mlflow.server.auth.entities import User
from mlflow.utils.proto_json_utils import message_to_json
from tracking_server import authorization
from werkzeug.datastructures import Authorization

ANN = User(1, "ann", "hash", is_admin=False)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names whose accounts were asked of the database; every request is Ann's."""
    names: list[str] = []

    def account(name: str) -> User:
        names.append(name)
        return ANN if name == "ann" else User(2, name, "hash", is_admin=True)

    monkeypatch.setattr(authorization, "_account", account)
    sent = Authorization("basic", {"username": "ann", "password": "-"})
    monkeypatch.setattr(authorization, "authenticate_request_basic_auth", lambda: sent)
    return names


def test_a_request_looks_its_sender_up_once(looked_up: list[str]) -> None:
    app = Flask("server")
    for request in (1, 2):
        with app.test_request_context("/api/2.0/mlflow/runs/get"):
            for _ in range(3):
                assert authorization.authenticate().username == "ann"
                assert authorization.account("ann") is ANN
            assert looked_up == ["ann"] * request


def test_other_accounts_are_looked_up(looked_up: list[str]) -> None:
    with Flask("server").test_request_context("/api/2.0/mlflow/users/get"):
        authorization.authenticate()
        assert authorization.account("bob").is_admin
    assert authorization.account("ann") is ANN, "outside a request"
    assert looked_up == ["ann", "bob", "ann"]


def test_a_run_is_read_once_to_learn_its_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    experiments: dict[str, str] = {}
    asked: list[str] = []

    def requirement(run_id: str, action: str) -> authorization._RunRequirement | None:
        asked.append(run_id)
        found = experiments.get(run_id)
        return found and (("experiment", found), [Requirement("run", "*", action)])

    monkeypatch.setattr(authorization, "_mlflows_run_requirement", requirement)
    assert authorization.run_requirement("new", "update") is None
    experiments["new"] = "7"
    for _ in range(2):
        experiment, requirements = authorization.run_requirement("new", "update")
        assert experiment == ("experiment", "7")
        assert requirements == [Requirement("run", "*", "update")]
        requirements.append(Requirement("logged_model", "*", "update"))
    assert asked == ["new", "new"], "one that did not exist is asked for again"


RUN, HISTORY = GetRun.Response(), GetMetricHistory.Response()
RUN.run.data.metrics.add(key="loss", value=1)
HISTORY.metrics.add(key="loss", value=1)
WITH_INPUT, WITH_OUTPUT, WITH_METRIC = GetRun.Response(), GetRun.Response(), GetRun.Response()
WITH_INPUT.run.inputs.model_inputs.add(model_id="m-1")
WITH_OUTPUT.run.outputs.model_outputs.add(model_id="m-1")
WITH_METRIC.run.data.metrics.add(key="loss", value=1, model_id="m-1")
OF_MODEL = GetMetricHistory.Response()
OF_MODEL.metrics.add(key="loss", value=1, model_id="m-1")


@pytest.mark.parametrize(
    ("answer", "is_read"),
    [
        *[(RUN, False), (HISTORY, False)],
        *[(WITH_INPUT, True), (WITH_OUTPUT, True), (WITH_METRIC, True), (OF_MODEL, True)],
    ],
)
def test_models_are_withheld_from_answers_that_name_some(
    answer: GetRun.Response | GetMetricHistory.Response, *, is_read: bool
) -> None:
    read: list[Response] = []
    response = Response(message_to_json(answer), mimetype="application/json")
    authorization.if_models_are_named(read.append)(response)
    assert read == [response] * is_read


def test_mlflow_withholds_models_from_all_answers_about_runs() -> None:
    handlers = set(authorization.auth.AFTER_REQUEST_PATH_HANDLERS.values())
    assert handlers >= authorization._WITHHOLD_MODELS
