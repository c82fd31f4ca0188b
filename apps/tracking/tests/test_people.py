"""Accounts of people: how the stack makes, changes and removes them, and what they may do."""

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

import httpx
import mlflow
import pytest
from server import ADMIN, USERS, Server, migration_environment, users_file
from tracking_server.migrate import migrate

from postgres import Postgres

API = "/api/2.0/mlflow"
PASSWORD = f"{API}/users/update-password"
NEW = "a password of their own"


def first(name: str) -> tuple[str, str]:
    """With what a person logs in at first."""
    return name, f"first-password-of-{name}"


class Platform:
    """A running server and the file from which its accounts are made."""

    def __init__(self, server: Server, folder: Path, uris: tuple[str, str]) -> None:
        self.server = server
        self._folder = folder
        self._uris = uris

    def up(self, **people: str) -> str:
        """What `npm run up` does about these people, next to the running server."""
        wanted = {name: (first(name)[1], role) for name, role in people.items()}
        return migrated_here(self._uris, users_file(self._folder, wanted))

    def can_log_in(self, login: tuple[str, str]) -> bool:
        with self.server.client(login) as client:
            status = client.get(f"{API}/users/current").status_code
        assert status in (200, 401)
        return status == 200

    def ask(
        self, login: tuple[str, str], method: str, path: str, body: dict[str, object]
    ) -> httpx.Response:
        with self.server.client(login) as client:
            return client.request(method, path, json=body)


def migrated_here(uris: tuple[str, str], users: Path) -> str:
    """Runs the migration in this process, which has imported MLflow; returns what it says."""
    said = io.StringIO()
    with patch.dict(os.environ, migration_environment(*uris, users)), redirect_stdout(said):
        migrate()
    return said.getvalue()


@pytest.fixture(scope="module")
def platform(
    postgres: Postgres, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("people")
    uris = postgres.create_databases("people", template=migrated)
    with Server(folder, *uris) as server:
        yield Platform(server, folder, uris)


@pytest.fixture
def by_hand(server: Server) -> Iterator[tuple[str, str]]:
    """An account that an administrator made on MLflow's page, without any role."""
    login = ("by-hand", "password-made-by-hand")
    with server.client(ADMIN) as admin:
        made = dict(zip(("username", "password"), login, strict=True))
        assert admin.post(f"{API}/users/create", json=made).is_success
        yield login
        admin.request("DELETE", f"{API}/users/delete", json={"username": login[0]})


# SECURITY.md: An account ends with its line in the settings; what the person made stays.
def test_a_person_comes_goes_and_what_they_made_stays_while_the_server_runs(
    platform: Platform,
) -> None:
    alice, bob = first("alice"), first("bob")
    assert not platform.can_log_in(alice)
    platform.up(alice="write", bob="read")
    assert platform.can_log_in(alice)
    assert platform.can_log_in(bob)
    made = platform.ask(alice, "POST", f"{API}/experiments/create", {"name": "of alice"})
    experiment = made.json()["experiment_id"]
    run = platform.ask(alice, "POST", f"{API}/runs/create", {"experiment_id": experiment})
    run_id = run.json()["run"]["info"]["run_id"]
    model = platform.ask(alice, "POST", f"{API}/registered-models/create", {"name": "hers"})
    assert model.is_success

    assert "removing user alice" in platform.up(bob="read")

    assert not platform.can_log_in(alice)
    refused = platform.ask(alice, "POST", f"{API}/experiments/create", {"name": "too late"})
    assert refused.status_code == 401
    assert platform.can_log_in(bob)
    with platform.server.client(bob) as client:
        assert client.get(f"{API}/runs/get?run_id={run_id}").is_success
        assert client.get(f"{API}/registered-models/get?name=hers").is_success


# SECURITY.md: Each of the stack's `people` has an account, as a reader or a writer, with a
# generated first password that they may change and no `up` sets back.
def test_a_password_that_a_person_chose_stays_and_one_of_a_workload_does_not(
    platform: Platform,
) -> None:
    carol = first("carol")
    platform.up(carol="read")
    body = {"username": "carol", "password": NEW, "current_password": carol[1]}
    assert platform.ask(carol, "PATCH", PASSWORD, body).is_success
    assert not platform.can_log_in(carol)
    changed = {"username": "notebook", "password": "password-set-by-the-admin"}
    assert platform.ask(ADMIN, "PATCH", PASSWORD, changed).is_success

    said = platform.up(carol="write")

    assert platform.can_log_in(("carol", NEW))
    assert not platform.can_log_in(carol)
    assert platform.can_log_in(USERS["notebook"])
    assert "changing the password of user notebook" in said
    assert "carol" not in said


# A server remembers for a minute which role a user had when it was asked for a change.
@pytest.mark.parametrize(
    ("name", "roles"), [("dora", ["read", "write"]), ("erik", ["write", "read"])]
)
def test_a_changed_role_takes_effect(platform: Platform, name: str, roles: list[str]) -> None:
    for role in roles:
        platform.up(**{name: role})
    created = platform.ask(first(name), "POST", f"{API}/experiments/create", {"name": name})
    assert created.status_code == (200 if roles[-1] == "write" else 403)


def test_an_account_made_by_hand_stays_until_the_stack_has_named_and_dropped_it(
    platform: Platform,
) -> None:
    frank = ("frank", "password-made-by-hand")
    made = dict(zip(("username", "password"), frank, strict=True))
    assert platform.ask(ADMIN, "POST", f"{API}/users/create", made).is_success
    promoted = {"username": "frank", "is_admin": True}
    assert platform.ask(ADMIN, "PATCH", f"{API}/users/update-admin", promoted).is_success

    platform.up()
    with platform.server.client(frank) as client:
        assert client.get(f"{API}/users/current").json()["user"]["is_admin"]

    assert "frank is no longer an administrator" in platform.up(frank="write")
    assert platform.can_log_in(frank)

    platform.up()
    assert not platform.can_log_in(frank)
    assert platform.can_log_in(ADMIN)


def test_a_workload_that_is_no_longer_there_loses_its_account(
    postgres: Postgres, migrated: str, tmp_path: Path
) -> None:
    uris = postgres.create_databases("workloads", template=migrated)
    path = tmp_path / "users.json"
    path.write_text("[]")
    migrated_here(uris, path)
    left = postgres.query("SELECT username FROM users", "workloads_auth")
    assert left == [(ADMIN[0],)]


def test_the_refusal_of_a_reader_names_the_missing_role_and_who_grants_it(
    server: Server, by_hand: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", by_hand[0])
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", by_hand[1])
    client = mlflow.MlflowClient(server.url)
    with pytest.raises(mlflow.MlflowException, match="by-hand may only read") as refused:
        client.create_experiment("mine")
    assert "the role write" in str(refused.value)
    assert "An administrator gives the role" in str(refused.value)


def test_a_permission_on_one_object_does_not_replace_the_role_and_the_refusal_says_so(
    server: Server, by_hand: tuple[str, str]
) -> None:
    with server.client(ADMIN) as admin, server.client(by_hand) as client:
        made = admin.post(f"{API}/experiments/create", json={"name": "granted"}).json()
        experiment = made["experiment_id"]
        grant = {
            "username": by_hand[0],
            "resource_type": "experiment",
            "resource_id": experiment,
            "permission": "EDIT",
        }
        granted = admin.post("/api/3.0/mlflow/users/permissions/grant", json=grant)
        assert granted.is_success, granted.text
        refused = client.post(f"{API}/runs/create", json={"experiment_id": experiment})
    assert refused.status_code == 403
    assert "permissions on single experiments or models do not replace it" in refused.text


def test_the_refusal_of_a_writer_names_the_creator_or_an_administrator(server: Server) -> None:
    with server.client(USERS["training"]) as training, server.client(USERS["notebook"]) as notebook:
        experiment = training.post(f"{API}/experiments/create", json={"name": "told"}).json()
        deleted = notebook.post(f"{API}/experiments/delete", json=experiment)
        assert deleted.status_code == 403
        assert "the user who created it, or an administrator" in deleted.json()["message"]
        made = notebook.post(f"{API}/users/create", json={"username": "x", "password": "x" * 12})
        assert made.status_code == 403
        assert "it requires an administrator" in made.json()["message"]


def test_every_person_can_change_only_their_own_password(
    server: Server, by_hand: tuple[str, str]
) -> None:
    name, password = by_hand
    with server.client(by_hand) as client:
        forgotten = client.patch(PASSWORD, json={"username": name, "password": NEW})
        assert forgotten.status_code == 400
        assert "Give current_password as well" in forgotten.json()["message"]
        assert "administrator" in forgotten.json()["message"]
        wrong = {"username": name, "password": NEW, "current_password": "something else"}
        assert client.patch(PASSWORD, json=wrong).status_code == 400
        for other in ("admin", "notebook"):
            body = {"username": other, "password": NEW, "current_password": password}
            assert client.patch(PASSWORD, json=body).status_code == 403
        own = {"username": name, "password": NEW, "current_password": password}
        assert client.patch(f"/ajax-api/2.0/mlflow/{PASSWORD[len(API) + 1 :]}", json=own).is_success
    with server.client((name, NEW)) as client:
        assert client.get(f"{API}/users/current").is_success


@pytest.mark.parametrize("workload", sorted(USERS))
def test_a_workload_does_not_change_its_password(server: Server, workload: str) -> None:
    login = USERS[workload]
    body = {"username": workload, "password": NEW, "current_password": login[1]}
    with server.client(login) as client:
        refused = client.patch(PASSWORD, json=body)
        assert refused.status_code == 403
        assert "the stack sets its password" in refused.json()["message"]
        assert client.get(f"{API}/users/current").is_success


def test_mlflows_page_offers_to_change_the_password(
    server: Server, by_hand: tuple[str, str]
) -> None:
    with server.client(by_hand) as client:
        answer = client.get("/ajax-api/2.0/mlflow/users/current")
    assert answer.json()["is_basic_auth"] is True
