"""A platform is lost and comes back, on real parts."""

import threading
import time
from pathlib import Path

import mlflow
import pytest
from platforms import ADA, Filled, Platform, sign_in, state
from server import ADMIN, USERS, migrate, migration_environment, users_file

from postgres import Postgres


def test_another_platform_takes_over_what_was_lost(
    platform: Platform, filled: Filled, postgres: Postgres, tmp_path: Path
) -> None:
    # the passwords of the stack that is lost are not those of the new one
    with platform.server() as server, server.client(ADMIN) as http:
        body = {"username": "training", "password": "of-the-old-stack"}
        changed = http.patch("/api/2.0/mlflow/users/update-password", json=body)
        assert changed.is_success, changed.text
    said = platform.succeed("make")
    assert "2 runs, 2 logged models, 2 registered models, 3 versions, 1 aliases, 5 users" in said
    platform.lose_everything()

    (tmp_path / "other").mkdir()
    users = users_file(tmp_path / "other")
    migrated = migrate(migration_environment(*postgres.create_databases("other"), users))
    assert migrated.returncode == 0, migrated.stderr
    other = Platform(tmp_path / "other", postgres, "other", platform.restic, platform.destination)
    other.succeed("restore", str(platform.snapshots()[0]["id"]))
    uris = (postgres.uri("other_restored"), postgres.uri("other_auth_restored"))
    assert migrate(migration_environment(*uris, users)).returncode == 0
    other.succeed("swap")

    with other.server() as server:
        assert state(server) == filled.state
        for who in (ADA, USERS["training"]):
            with server.client(who) as http:
                assert http.get("/api/2.0/mlflow/experiments/get?experiment_id=1").is_success


@pytest.mark.usefixtures("backed_up")
def test_everything_lost_comes_back_as_it_was(platform: Platform) -> None:
    before = platform.content()
    platform.lose_everything()
    platform.succeed("restore", "latest")
    platform.succeed("swap")
    assert platform.content() == before
    assert [path.name for path in platform.artifacts.iterdir()] == ["1"]


def test_a_snapshot_under_load_lacks_no_file_of_a_version(platform: Platform) -> None:
    stop = threading.Event()
    registered: list[str] = []
    with platform.server() as server:
        client = sign_in(server)
        client.create_registered_model("loaded")

        def work(number: int) -> None:
            while not stop.is_set():
                run = client.create_run("1").info
                client.log_text(run.run_id, f"{number} {run.run_id}", "model/file.txt")
                client.create_model_version("loaded", f"runs:/{run.run_id}/model", run.run_id)
                client.set_terminated(run.run_id)
                registered.append(run.run_id)

        def wait_for(versions: int) -> None:
            deadline = time.monotonic() + 120
            while len(registered) < versions:
                assert time.monotonic() < deadline
                time.sleep(0.05)

        writers = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for writer in writers:
            writer.start()
        try:
            wait_for(10)
            platform.succeed("make")
            wait_for(len(registered) + len(writers))  # one of them at least came afterwards
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        logged = len(client.search_model_versions("name = 'loaded'", max_results=10_000))
    platform.lose_everything()
    platform.succeed("restore", "latest")
    platform.succeed("swap")
    with platform.server() as server:
        client = sign_in(server)
        versions = client.search_model_versions("name = 'loaded'", max_results=10_000)
        assert 0 < len(versions) < logged
        for version in versions:
            assert mlflow.artifacts.load_text(f"runs:/{version.run_id}/model/file.txt")


@pytest.mark.usefixtures("backed_up")
def test_data_in_use_is_replaced_only_on_request_and_can_be_restored(platform: Platform) -> None:
    before = platform.content()
    platform.log_more()
    newer = platform.content()
    refused = platform.run("restore", "latest")
    assert refused.returncode == 1
    assert "the stack holds 2 runs, 2 logged models" in refused.stderr
    assert "add --replace" in refused.stderr
    assert platform.content() == newer

    platform.succeed("restore", "latest", "--replace")
    platform.succeed("swap")
    assert platform.content() == before
    saved = next(one["id"] for one in platform.snapshots() if one["beforeRestore"])
    platform.succeed("restore", str(saved), "--replace")
    platform.succeed("swap")
    assert platform.content() == newer


@pytest.mark.usefixtures("backed_up")
@pytest.mark.parametrize(
    "line", ["backing up", "restoring the database mlflow\n", "restoring 1", "comparing"]
)
def test_a_killed_restore_leaves_the_data_in_use(platform: Platform, line: str) -> None:
    before = platform.content()
    platform.log_more()
    newer = platform.content()
    kill_at(platform, line, "restore", "latest", "--replace")
    assert platform.content() == newer
    platform.succeed("restore", "latest", "--replace")
    platform.succeed("swap")
    assert platform.content() == before


@pytest.mark.usefixtures("backed_up")
@pytest.mark.parametrize("line", ["swapping the files", "swapping the databases", "restored"])
@pytest.mark.parametrize("seconds", [0, 0.02])
def test_a_killed_swap_is_finished_by_the_next(
    platform: Platform, line: str, seconds: float
) -> None:
    before = platform.content()
    platform.log_more()
    platform.succeed("restore", "latest", "--replace")
    kill_at(platform, line, "swap", after=seconds)
    # a pod that takes the place of a lost one runs every command again
    platform.succeed("restore", "latest", "--replace")
    platform.succeed("swap")
    assert platform.content() == before
    names = [str(name) for (name,) in platform.postgres.query("SELECT datname FROM pg_database")]
    assert not [name for name in names if name.endswith(("_restored", "_replaced"))]


@pytest.mark.usefixtures("backed_up")
def test_two_restores_do_not_mix(platform: Platform) -> None:
    platform.succeed("make")
    first, second = (str(one["id"]) for one in platform.snapshots())
    platform.succeed("restore", first, "--replace")
    journal = platform.artifacts / ".restore/journal.json"
    journal.write_text(journal.read_text().replace("restored", "swapping"))
    refused = platform.run("restore", second, "--replace")
    assert f"finish it first with `npm run restore {first}`" in refused.stderr


def kill_at(platform: Platform, line: str, *words: str, after: float = 0) -> None:
    """Kills a command as soon as it has said something."""
    process = platform.start(*words)
    assert process.stdout
    for said in process.stdout:
        if line in said:
            time.sleep(after)
            process.kill()
            break
    process.communicate(timeout=60)
