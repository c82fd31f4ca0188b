"""How often MLflow's rules reach the database; test_permissions.py says what they decide."""

import pytest
from flask import Flask
from mlflow.server.auth import Requirement
from mlflow.server.auth.entities import User
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
