"""A notebook on the Dask cluster that it shares with others: real schedulers and workers."""

import time
from collections.abc import Iterator
from typing import Any

import joblib
import mlflow
import pytest
import requests
from dask_cluster.client import compare_versions
from distributed.system import MEMORY_LIMIT
from mlflow import MlflowClient
from shared_cluster import SharedCluster
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeRegressor

from training import dask_client


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedCluster]:
    with SharedCluster(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture
def notebook(cluster: SharedCluster, monkeypatch: pytest.MonkeyPatch) -> SharedCluster:
    for name, value in cluster.client_env().items():
        monkeypatch.setenv(name, value)
    return cluster


def test_a_search_of_a_notebook_outlives_a_worker_and_is_one_run_with_its_runs(
    notebook: SharedCluster, credentials: dict[str, str]
) -> None:
    data = load_diabetes(return_X_y=True)
    grid = {"max_depth": [1, 2, 3, 4], "min_samples_leaf": [1, 9]}
    experiment = mlflow.set_experiment("notebook").experiment_id
    with dask_client() as client:
        client.wait_for_workers(2, timeout=120)
        slow = [client.submit(time.sleep, 2 + number / 10) for number in range(4)]
        notebook.kill(1)
        mlflow.sklearn.autolog(log_models=False, log_datasets=False)
        search = GridSearchCV(DecisionTreeRegressor(random_state=0), grid, cv=4)
        with joblib.parallel_config("dask"), mlflow.start_run(run_name="search"):
            search.fit(*data)
        assert client.gather(slow) == [None] * 4
        client.wait_for_workers(2, timeout=120)
    mlflow.sklearn.autolog(disable=True)
    alone = GridSearchCV(DecisionTreeRegressor(random_state=0), grid, cv=4).fit(*data)
    scores = [found.cv_results_["mean_test_score"].tolist() for found in (search, alone)]
    assert scores[0] == scores[1]
    runs = MlflowClient().search_runs([experiment])
    kinds = sorted((run.info.status, "mlflow.parentRunId" in run.data.tags) for run in runs)
    assert kinds == [("FINISHED", False)] + [("FINISHED", True)] * 5


# SECURITY.md: They accept no certificate but one made with the cluster's secret.
@pytest.mark.parametrize("secret", ["another", None])
def test_nobody_without_the_secret_is_let_in(
    notebook: SharedCluster, monkeypatch: pytest.MonkeyPatch, secret: str | None
) -> None:
    if secret is None:
        monkeypatch.delenv("DASK_CLUSTER_SECRET")
    else:
        monkeypatch.setenv("DASK_CLUSTER_SECRET", secret)
    with pytest.raises((OSError, TypeError, ValueError, RuntimeError)):
        dask_client(timeout=3)


def test_over_http_there_are_metrics_and_nothing_of_tasks(cluster: SharedCluster) -> None:
    assert "dask_scheduler_workers" in requests.get(f"{cluster.http}/metrics", timeout=9).text
    for path in ("/json/identity.json", "/info/main/workers.html", "/api/v1/get_workers"):
        assert requests.get(cluster.http + path, timeout=9).status_code == 404, path


def test_a_worker_uses_all_memory_of_its_pod(notebook: SharedCluster) -> None:
    with dask_client() as client:
        client.wait_for_workers(1, timeout=120)
        workers = client.scheduler_info()["workers"].values()
        assert {worker["memory_limit"] for worker in workers} == {MEMORY_LIMIT}


def test_tasks_do_not_see_the_secret(notebook: SharedCluster) -> None:
    def secret() -> str | None:
        import os

        return os.environ.get("CLUSTER_SECRET")

    with dask_client() as client:
        assert client.submit(secret).result(60) is None


def test_without_the_address_the_error_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    with pytest.raises(RuntimeError, match="set daskCluster to true"):
        dask_client()


@pytest.mark.parametrize(
    ("here", "said"),
    [
        ({"python": "3.12.1.final.0"}, "Python 3.11 there, 3.12 here"),
        ({"scikit-learn": "1.8.0"}, "scikit-learn 1.9.1 there, 1.8.0 here"),
        ({"dask": None}, "dask 2026.8.0 there, none here"),
        ({"python": "3.11.9.final.0"}, None),
    ],
)
def test_other_versions_than_the_clusters_are_an_error(
    here: dict[str, Any], said: str | None
) -> None:
    there = {"python": "3.11.2.final.0", "scikit-learn": "1.9.1", "dask": "2026.8.0"}
    if said is None:
        compare_versions(there | here, there)
    else:
        with pytest.raises(RuntimeError, match=f"{said}. Run `pip install"):
            compare_versions(there | here, there)
