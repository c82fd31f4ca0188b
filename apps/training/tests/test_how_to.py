"""What the guides tell people to write into train.py works as it stands there."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from clusters import Pods
from mlflow import MlflowClient
from test_job import SOURCE

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"
ROWS = "age,churned\n31,yes\n64,no\n"


def blocks() -> dict[str, str]:
    """The Python of training-data.md by the heading above it."""
    page = (HOW_TO / "training-data.md").read_text()
    return dict(re.findall(r"^## ([\w ]+)$.*?^```python\n(.*?)^```$", page, re.M | re.S))


class Files(SimpleHTTPRequestHandler):
    """Files by their path, as a web server has them, and by the paths of Google's API."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(re.sub(r"^.*/b/my-data/o/([^?]+)\?.*$", r"/\1", path))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "churn.csv").write_text(ROWS)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def rows_of(block: str, env: dict[str, str]) -> str:
    script = f"{block}\nprint(rows.to_csv(index=False), end='')\n"
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_source_has_an_example() -> None:
    assert list(blocks()) == ["HTTP", "A volume", "A bucket"]


def test_rows_come_over_http(url: str) -> None:
    assert rows_of(blocks()["HTTP"], {"DATA_URL": f"{url}/churn.csv"}) == ROWS


def test_rows_come_from_a_volume(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text(ROWS)
    (tmp_path / "2.csv").write_text("age,churned\n18,no\n")
    printed = rows_of(blocks()["A volume"], {"DATA_FOLDER": str(tmp_path)})
    assert printed == ROWS + "18,no\n"


def test_rows_come_from_a_bucket(url: str) -> None:
    env = {"DATA_BUCKET": "my-data", "STORAGE_EMULATOR_HOST": url}
    assert rows_of(blocks()["A bucket"], env) == ROWS


def test_a_notebook_logs_registers_and_loads_back(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    page = (HOW_TO / "for-notebook-users.md").read_text()
    scripts = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    lines = [f"{name}={value}" for name, value in credentials.items() if "MLFLOW" in name]
    (tmp_path / ".env").write_text("\n".join(lines))
    # the later ones continue where the first has set the URI
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(scripts)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "\n[0 0 0]\n" in done.stdout
    client = MlflowClient()
    assert client.get_model_version_by_alias("wine", "champion").version == "1"
    experiment = client.get_experiment_by_name("wine")
    assert experiment is not None
    last, _ = client.search_runs([experiment.experiment_id])
    assert len(client.get_metric_history(last.info.run_id, "loss")) == 1000


def test_the_search_of_the_guide_runs_on_a_cluster(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    folder = _written("distributed-training.md", tmp_path) / "tumor-kind"
    env = {**credentials, "MODEL_FOLDER": str(folder)}
    with Pods(2, sys.executable, "-m", "training", folder=tmp_path, **env) as pods:
        assert pods.wait() == 0, pods.log.read_text()
        assert "tumor-kind version 1 is now champion" in pods.log.read_text()
    champion = MlflowClient().get_model_version_by_alias("tumor-kind", "champion")
    run = MlflowClient().get_run(champion.run_id or "")
    assert run.data.metrics["cv_accuracy"] > 0.9
    assert "mlflow.parentRunId" in run.data.tags


@pytest.mark.parametrize(("name", "runs"), [("tumor-rounds", 2), ("tumor-trials", 14)])
def test_the_boosting_and_the_trials_of_the_guide_run_on_a_cluster(
    credentials: dict[str, str], tmp_path: Path, dask_extras: str, name: str, runs: int
) -> None:
    folder = _written("distributed-training.md", tmp_path) / name
    env = {
        **{"PYTHONPATH": os.pathsep.join([str(SOURCE), dask_extras]), **credentials},
        **{"MODEL_FOLDER": str(folder), "EXPERIMENT_NAME": name},
    }
    with Pods(2, sys.executable, "-m", "training", folder=tmp_path, **env) as pods:
        assert pods.wait() == 0, pods.log.read_text()
        assert f"{name} version 1 is now champion" in pods.log.read_text()
    client = MlflowClient()
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in found} == {"FINISHED"}
    parents = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    assert (len(found), len(parents)) == (runs, 1)
    if name == "tumor-rounds":
        history = client.get_metric_history(parents[0].info.run_id, "train-logloss")
        assert [metric.step for metric in history] == list(range(30))
        assert history[-1].value < history[0].value
        assert parents[0].data.params["max_depth"] == "3"


def test_the_data_frame_of_the_guide_reads_parquet_on_a_cluster(
    tmp_path: Path, dask_extras: str
) -> None:
    page = (HOW_TO / "distributed-training.md").read_text()
    block = re.search(r"^## Parquet$.*?^```python\n(.*?)^```$", page, re.M | re.S)
    assert block is not None
    table = f"""
import pandas as pd
for number in range(3):
    rows = pd.DataFrame({{"plan": ["small", "large"], "churned": [number % 2, 1]}})
    rows.to_parquet(f"{tmp_path}/{{number}}.parquet")
"""
    (tmp_path / "read.py").write_text(f"{table}{block[1]}\nprint(rates.to_dict())\n")
    env = {
        "PYTHONPATH": os.pathsep.join([str(SOURCE), dask_extras]),
        "DATA_FOLDER": f"{tmp_path}/*.parquet",
    }
    with Pods(1, sys.executable, "read.py", folder=tmp_path, **env) as pods:
        assert pods.wait() == 0, pods.log.read_text()
        assert "{'large': 1.0, 'small': 0.3333333333333333}" in pods.log.read_text()


def _written(page: str, folder: Path) -> Path:
    """The files under models/ of a guide."""
    block = r"^```\w+\n# (models/\S+)\n(.*?)^```$"
    for path, content in re.findall(block, (HOW_TO / page).read_text(), re.M | re.S):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder / "models"


def test_the_steps_of_the_guide_train_and_promote(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    folder = _written("pipelines.md", tmp_path) / "iris-species"
    (tmp_path / "workspace").mkdir()
    env = {
        **{"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), **credentials},
        **{"PIPELINE_WORKSPACE": str(tmp_path / "workspace"), "MODEL_FOLDER": str(folder)},
        "TRAINING_GROUP": "job",
    }
    printed = []
    for step in yaml.safe_load((folder / "model.yaml").read_text())["steps"]:
        parameters = {name: str(value) for name, value in step.get("parameters", {}).items()}
        done = subprocess.run(
            [sys.executable, *step["command"][1:]],
            cwd=folder,
            env=env | {"PIPELINE_STEP": json.dumps({"parameters": parameters})},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    assert "iris-species version 1 is now champion" in printed[-1]
    champion = MlflowClient().get_model_version_by_alias("iris-species", "champion")
    metrics = MlflowClient().get_run(champion.run_id or "").data.metrics
    assert set(metrics) == {"cv_accuracy", "holdout_accuracy"}
