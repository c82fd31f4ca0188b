"""A platform of an earlier MLflow, with its data and users, is upgraded (see make_earlier.py)."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
from make_earlier import ADA, EARLIER, create_earlier
from mlflow import MlflowClient
from server import ADMIN, USERS, Server, migrate, migration_environment, users_file

from postgres import Postgres

API = "/api/2.0/mlflow"


@dataclass(frozen=True)
class Upgraded:
    """The running server, what the migration said, and the earlier schema."""

    server: Server
    said: str
    earlier: str


def revision(postgres: Postgres, database: str) -> str:
    ((found,),) = postgres.query("SELECT version_num FROM alembic_version", database)
    return str(found)


@pytest.fixture(scope="module")
def upgraded(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    folder = tmp_path_factory.mktemp("upgraded")
    uris = create_earlier(postgres, "earlier")
    earlier = revision(postgres, "earlier")
    shutil.unpack_archive(EARLIER / "artifacts.tar.gz", folder / "artifacts")
    done = migrate(migration_environment(*uris, users_file(folder)))
    assert done.returncode == 0, done.stderr
    assert revision(postgres, "earlier") == earlier, "the server in use is left alone"
    with Server(folder, *uris) as server:
        yield Upgraded(server, done.stdout, earlier)


@pytest.fixture
def client(upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """MLflow's own client, as the user `notebook`."""
    username, password = USERS["notebook"]
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", username)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
    mlflow.set_tracking_uri(upgraded.server.url)
    return MlflowClient(upgraded.server.url)


def test_the_data_is_of_an_earlier_version_and_is_migrated(upgraded: Upgraded) -> None:
    assert (EARLIER / "version").read_text().strip() != mlflow.__version__
    assert "migrating the tracking schema from" in upgraded.said
    assert "user" not in upgraded.said


def test_runs_keep_their_values_and_files(client: MlflowClient, tmp_path: Path) -> None:
    experiment = client.get_experiment_by_name("earlier")
    assert experiment is not None
    run, *others = client.search_runs([experiment.experiment_id], "tags.slope = '2'")
    assert not others
    assert run.data.params == {"slope": "2"}
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(each.step, each.value) for each in history] == [(0, 1 / 2), (1, 1 / 3), (2, 1 / 4)]
    assert run.inputs.dataset_inputs[0].dataset.name == "numbers"
    file = client.download_artifacts(run.info.run_id, "notes/text.txt", str(tmp_path))
    assert Path(file).read_text() == "text of an artifact"


def test_the_registered_model_keeps_its_alias_and_predicts(client: MlflowClient) -> None:
    assert client.get_registered_model("earlier").tags == {"team": "numbers"}
    assert client.get_model_version_by_alias("earlier", "champion").version == "1"
    champion = mlflow.pyfunc.load_model("models:/earlier@champion")
    assert champion.predict({"x": [5.0]}).tolist() == pytest.approx([10.0])


def test_prompts_traces_and_issues_are_kept(client: MlflowClient, upgraded: Upgraded) -> None:
    assert mlflow.genai.load_prompt("prompts:/greeting/1").template == "Say hello to {{name}}"
    experiment = client.get_experiment_by_name("earlier")
    assert experiment is not None
    (trace,) = client.search_traces(locations=[experiment.experiment_id])
    assert trace.data.spans[0].inputs == {"question": "why"}
    with upgraded.server.client(ADMIN) as admin:
        body = {"experiment_id": experiment.experiment_id, "include_trace_count": True}
        (issue,) = admin.post("/api/3.0/mlflow/issues/search", json=body).json()["issues"]
    assert (issue["name"], issue["categories"]) == ("slow", ["Latency"])


def test_logins_and_permissions_stay(upgraded: Upgraded) -> None:
    experiment = {"experiment_name": "earlier"}
    by_name = f"{API}/experiments/get-by-name"
    for user in (ADMIN, *USERS.values()):
        with upgraded.server.client(user) as client:
            assert client.get(by_name, params=experiment).is_success, user
    # Denied this one experiment before the upgrade, and nothing else.
    with upgraded.server.client(ADA) as ada:
        assert ada.get(by_name, params=experiment).status_code == 403
        assert ada.get(f"{API}/registered-models/get?name=earlier").is_success
        assert ada.post(f"{API}/experiments/create", json={"name": "of ada"}).status_code == 403
    # Only who created the model before the upgrade may rename it.
    rename = {"name": "earlier", "new_name": "later"}
    with upgraded.server.client(USERS["notebook"]) as notebook:
        assert notebook.post(f"{API}/registered-models/rename", json=rename).status_code == 403


def test_work_continues_where_it_stopped(client: MlflowClient) -> None:
    mlflow.set_experiment("earlier")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.1)
        mlflow.log_text("more", "notes/more.txt")
    source = f"{run.info.artifact_uri}/model"
    version = client.create_model_version("earlier", source, run.info.run_id).version
    assert version == "3"
    for target in (version, "1"):
        client.set_registered_model_alias("earlier", "champion", target)
        assert client.get_model_version_by_alias("earlier", "champion").version == target


def test_going_back_restores_the_data_from_before_the_migration(
    upgraded: Upgraded, postgres: Postgres
) -> None:
    environment = upgraded.server.environment
    for attempt in (0, 1):
        done = subprocess.run(
            [sys.executable, "-m", "tracking_server", "roll-back"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == attempt, done.stderr
        assert revision(postgres, "earlier") == upgraded.earlier
        assert postgres.query("SELECT count(*) FROM runs", "earlier") == [(2,)]
    assert "there is no database earlier_before to go back to" in done.stderr
    assert postgres.query("SELECT count(*) FROM runs", "earlier_undone") == [(3,)]
