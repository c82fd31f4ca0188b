"""What a request costs MLflow and its Postgres with more runs and more models.

CPU time, which other work on the machine does not change.

Runs and versions are logged once through MLflow and then multiplied in its tables, every row a copy
of a real one. The server is the one of the image, with its users and their permissions.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
for folder in ("apps/tracking/src", "apps/tracking/tests"):
    sys.path.insert(0, str(ROOT / folder))

from postgres import Postgres  # noqa: E402
from server import USERS, Server, migrate, migration_environment, users_file  # noqa: E402
from usage import cpu_seconds  # noqa: E402

API = "/api/2.0/mlflow"
ALIAS = "champion"
PARAMS, METRICS, POINTS, VERSIONS = 5, 5, 2, 10
OF_A_RUN = ("params", "metrics", "latest_metrics", "tags")


def seed(server: Server) -> tuple[str, str]:
    """One experiment, run, model and version through the API, by the user of the training."""
    with server.client(USERS["training"]) as api:

        def post(method: str, **body: object) -> dict[str, dict[str, str]]:
            answer = api.post(f"{API}/{method}", json=body)
            answer.raise_for_status()
            return answer.json()

        experiment = post("experiments/create", name="model-1")["experiment_id"]
        info = post("runs/create", experiment_id=experiment, start_time=1, run_name="one")
        run = info["run"]["info"]["run_id"]
        metrics = [
            {"key": f"metric_{name}", "value": name + step / 10, "timestamp": step, "step": step}
            for name in range(METRICS)
            for step in range(POINTS)
        ]
        params = [{"key": f"param_{name}", "value": str(name)} for name in range(PARAMS)]
        post("runs/log-batch", run_id=run, metrics=metrics, params=params)
        post("runs/update", run_id=run, status="FINISHED", end_time=2)
        post("registered-models/create", name="model-1")
        source = info["run"]["info"]["artifact_uri"]
        post("model-versions/create", name="model-1", source=source, run_id=run)
        post("registered-models/alias", name="model-1", alias=ALIAS, version="1")
    return experiment, run


class Multiplied:
    """The rows of the first run and model, copied until there are as many as asked for."""

    def __init__(self, postgres: Postgres, database: str, experiment: str, run: str) -> None:
        self._sql = lambda sql: postgres.query(sql, database=database)
        self._experiment, self._run = experiment, run
        self._runs = self._models = 1

    def reach(self, runs: int, models: int) -> None:
        """Models first: a run belongs to the experiment of one of them, in turn."""
        added = f"generate_series({self._models + 1}, {models}) AS made(n)"
        named = {"name": "'model-' || n"}
        first = "name = 'model-1'"
        ids = {"experiment_id": f"{self._experiment} + n"}
        self._copy("experiments", ids | named, first, added)
        self._copy("registered_models", named, first, added)
        versions = f"{added}, generate_series(1, {VERSIONS}) AS versions(v)"
        self._copy("model_versions", named | {"version": "v"}, first, versions)
        self._copy("registered_model_aliases", named, first, added)
        added = f"generate_series({self._runs + 1}, {runs}) AS made(n)"
        # the first experiment has its id, and those of the copies are higher by 2 and more
        where = f"{self._experiment} + CASE n % {models} WHEN 0 THEN 0 ELSE n % {models} + 1 END"
        run_id = {"run_uuid": "md5(n::text)"}
        times = {"start_time": "n", "end_time": "n + 1"}
        mine = f"run_uuid = '{self._run}'"
        self._copy("runs", run_id | times | {"experiment_id": where}, mine, added)
        for table in OF_A_RUN:
            value = {"value": "value + n"} if "metrics" in table else {}
            self._copy(table, run_id | value, mine, added)
        self._sql("ANALYZE")
        self._runs, self._models = runs, models

    def _copy(self, table: str, changed: dict[str, str], which: str, times: str) -> None:
        found = self._sql(
            "SELECT column_name FROM information_schema.columns "
            f"WHERE table_name = '{table}' AND table_schema = 'public' AND is_generated = 'NEVER'"
        )
        names = [str(name) for (name,) in found]
        values = ", ".join(
            changed.get(name, f"o.{name}").replace("value +", "o.value +") for name in names
        )
        if table == "model_versions":
            which += " AND version = 1"
        which = f"o.{which.replace(' AND ', ' AND o.')}"
        self._sql(
            f"INSERT INTO {table} ({', '.join(names)}) "
            f"SELECT {values} FROM {table} o, {times} WHERE {which}"
        )


def questions(
    api: httpx.Client, run: str, runs: int, experiments: list[str]
) -> dict[str, Callable[[], httpx.Response]]:
    """What notebooks, the interface and the model servers ask, by its name in the table."""
    some, all_of_them = experiments[-1:], experiments

    def search(ids: list[str], **more: object) -> httpx.Response:
        return api.post(
            f"{API}/runs/search", json={"experiment_ids": ids, "max_results": 100, **more}
        )

    by_metric = {"order_by": ["metrics.metric_1 DESC"]}
    better = {"filter": f"metrics.metric_1 > {runs * 0.9}"}
    return {
        "version of an alias": lambda: api.get(
            f"{API}/registered-models/alias", params={"name": "model-1", "alias": ALIAS}
        ),
        "one run": lambda: api.get(f"{API}/runs/get", params={"run_id": run}),
        "runs of one experiment": lambda: search(some),
        "the same by a metric": lambda: search(some, **by_metric),
        "runs of all": lambda: search(all_of_them),
        "the same by a metric, of all": lambda: search(all_of_them, **by_metric),
        "runs of all above a metric": lambda: search(all_of_them, **better),
        "models, first page": lambda: api.get(
            f"{API}/registered-models/search", params={"max_results": 100}
        ),
        "versions of a model": lambda: api.get(
            f"{API}/model-versions/search", params={"filter": "name='model-1'", "max_results": 100}
        ),
        "experiments, first page": lambda: api.post(
            f"{API}/experiments/search", json={"max_results": 100}
        ),
    }


def measure(
    ask: Callable[[], httpx.Response], pids: tuple[int, int], requests: int = 10
) -> tuple[float, float]:
    """CPU milliseconds of MLflow and of Postgres for a request."""
    ask().raise_for_status()
    before = [cpu_seconds(pid) for pid in pids]
    for _ in range(requests):
        ask()
    mlflow, database = (
        (cpu_seconds(pid) - one) / requests * 1e3 for pid, one in zip(pids, before, strict=True)
    )
    return mlflow, database


def main() -> None:
    """Grow, measure, print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=["1000:10", "10000:50", "100000:200"])
    sizes = [tuple(map(int, size.split(":"))) for size in parser.parse_args().sizes]
    with tempfile.TemporaryDirectory() as path, Postgres() as postgres:
        folder = Path(path)
        uris = postgres.create_databases("mlflow")
        done = migrate(migration_environment(*uris, users_file(folder)))
        if done.returncode:
            raise SystemExit(done.stderr)
        with Server(folder, *uris) as server:
            experiment, run = seed(server)
            grown = Multiplied(postgres, "mlflow", experiment, run)
            first = True
            for runs, models in sizes:
                started = time.perf_counter()
                grown.reach(runs, models)
                print(
                    f"{runs} runs, {models} models, in {time.perf_counter() - started:.0f} s",
                    file=sys.stderr,
                )
                ids = [experiment, *(str(int(experiment) + n) for n in range(2, models + 1))]
                with server.client(USERS["notebook"]) as api:
                    asked = questions(api, run, runs, ids)
                    pids = (server.process.pid, postgres.pid)
                    found = {name: measure(ask, pids) for name, ask in asked.items()}
                if first:
                    print("| runs | models | MiB | " + " | ".join(found) + " |")
                    print("|" + " ---: |" * (len(found) + 3))
                    first = False
                size = postgres.query("SELECT pg_database_size('mlflow') / 1048576")[0][0]
                cells = [f"{mlflow:.0f} + {database:.0f}" for mlflow, database in found.values()]
                print(f"| {runs} | {models} | {size} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
