"""What four workers of a training's Dask cluster gain over one, measured side by side.

The pods of the Job run as processes of this machine, each with one thread, and search the same grid
with one worker and with four in turn. Every search has new pods, as that of a Job has.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
for folder in ("apps/training/src", "apps/training/tests"):
    sys.path.insert(0, str(ROOT / folder))

from clusters import Pods  # noqa: E402
from comparison import Comparison, keep  # noqa: E402

WORKERS = 4
COLUMNS = ("pair", "1 worker, s", "4 workers, s", "gain", "computing, 1", "computing, 4", "load")
SEARCH = """
import json
import sys
import time
import joblib
from dask_cluster.joblib_backend import register
from distributed import Client
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV

register()
data = make_classification(3000, 20, n_informative=10, random_state=0)
grid = {"max_depth": [4, 6, 8, 10, 12, 14, 16, 18], "max_features": [3, 5, 7]}
search = GridSearchCV(
    RandomForestClassifier(int(sys.argv[1]), random_state=0), grid, cv=3, refit=False
)
client = Client()
client.get_task_stream(count=1)  # which records from now on
started = time.perf_counter()
with joblib.parallel_config("dask"):
    search.fit(*data)
seconds = time.perf_counter() - started
tasks = client.get_task_stream(count=10_000)
computing = sum(
    part["stop"] - part["start"]
    for task in tasks
    for part in task["startstops"]
    if part["action"] == "compute"
)
scores = search.cv_results_["mean_test_score"].tolist()
print("found", json.dumps({"seconds": seconds, "computing": computing, "scores": scores}))
"""


def search(workers: int, trees: int) -> dict:
    """Seconds that the search took, and those that all its tasks took, and its scores."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "search.py").write_text(SEARCH)
        with Pods(workers, sys.executable, "search.py", str(trees), folder=folder) as pods:
            code, log = pods.wait(), pods.log.read_text()
    assert code == 0, log
    (line,) = (line for line in log.splitlines() if line.startswith("found "))
    return json.loads(line.removeprefix("found "))


def main() -> None:
    """Print a line of the table for each pair, and the median of the gains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--trees", type=int, default=45, help="of each of the 72 forests")
    options = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |\n|" + " ---: |" * len(COLUMNS))
    ones: list[float] = []
    fours: list[float] = []
    for pair in range(1, options.pairs + 1):
        # in alternating order, so that neither always follows the other
        order = sorted((1, WORKERS), reverse=bool(pair % 2))
        found = {workers: search(workers, options.trees) for workers in order}
        one, four = found[1], found[WORKERS]
        assert one["scores"] == four["scores"]
        ones.append(one["seconds"])
        fours.append(four["seconds"])
        shares = (
            one["computing"] / one["seconds"],
            four["computing"] / four["seconds"] / WORKERS,
        )
        cells = (
            f"{pair}",
            f"{one['seconds']:.1f}",
            f"{four['seconds']:.1f}",
            f"x {ones[-1] / fours[-1]:.2f}",
        )
        cells += (*(f"{share:.0%}" for share in shares), f"{os.getloadavg()[0]:.0f}")
        print("| " + " | ".join(cells) + " |", flush=True)
    gain = Comparison(
        "A search of 72 forests by four workers",
        "one worker",
        "s",
        fours,
        ones,
        moreIsBetter=False,
        target=1.5,
    )
    print(f"median of the gains: x {statistics.median(gain.ratios):.2f}")
    keep("dask_search", "Training on a Dask cluster", [gain], {"trees": options.trees, "seed": 0})


if __name__ == "__main__":
    main()
