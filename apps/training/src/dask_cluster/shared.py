"""`python -m dask_cluster.shared ROLE OPTION…`: a pod of the cluster that notebooks share.

Runs Dask's own program, `scheduler` or `worker`, with a certificate of the cluster. A
worker ends when the scheduler does, and Kubernetes starts it again.
"""

import os
import sys
from typing import NoReturn

from dask_cluster.certificates import tls_settings

CLUSTER = "shared"
"""Its name, which sets its certificates apart from those of other clusters."""

WHOLE_POD = "1.0"
"""A worker's share of its pod's memory. Dask's own choice grows with its share of the cores."""

_ROUTES = ["distributed.http.scheduler.prometheus", "distributed.http.health"]
"""What the scheduler answers over HTTP, without a login. Dask's own choice shows tasks and logs."""


def main(role: str, *options: str) -> NoReturn:
    # tasks have no use for it
    secret = os.environ.pop("CLUSTER_SECRET")
    os.environ |= tls_settings(secret, CLUSTER) | {
        "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": repr(_ROUTES),
    }
    for library in ("OMP", "MKL", "OPENBLAS"):
        # Dask has a thread for each task already
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    memory = ["--memory-limit", WHOLE_POD] if role == "worker" else []
    program = f"distributed.cli.dask_{role}"
    os.execv(sys.executable, [sys.executable, "-m", program, *memory, *options])


if __name__ == "__main__":
    main(*sys.argv[1:])
