"""A client of the cluster, on its pods and on a laptop alike."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dask_cluster.certificates import tls_files
from dask_cluster.shared import CLUSTER

if TYPE_CHECKING:
    from distributed import Client

PINS = ".dask-requirements.txt"
"""Written by `npm run connect`."""

_ALIKE = ("cloudpickle", "dask", "distributed", "joblib", "numpy", "pandas", "scikit-learn")


def dask_client(*, check: bool = True, **options: Any) -> "Client":  # noqa: ANN401
    """Connects to the training's own cluster or, with the variables of `npm run connect`, to the
    one that notebooks share. Dask and `joblib.parallel_config("dask")` then use it.

    With `check`, other versions than the cluster's are an error. `options` are those of Dask's
    Client."""
    # where no cluster is used, Dask is not imported
    from distributed import Client
    from distributed.security import Security

    from dask_cluster.joblib_backend import register

    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if address is None:
        raise RuntimeError(
            "DASK_SCHEDULER_ADDRESS is not set: set daskCluster to true, run `npm run up` and "
            "`npm run connect`, and load .env"
        )
    if secret := os.environ.get("DASK_CLUSTER_SECRET"):
        files = {name: content.decode() for name, content in tls_files(secret, CLUSTER).items()}
        options["security"] = Security(
            require_encryption=True,
            tls_ca_file=files["ca-file"],
            tls_client_cert=files["cert"],
            tls_client_key=files["key"],
        )
    try:
        client = Client(address, **options)
    except OSError as error:
        raise ConnectionError(
            f"cannot connect to a Dask scheduler at {address}: keep `npm run connect` running "
            "and load .env again; a paused platform has no scheduler"
        ) from error
    register()
    if check:
        versions = client.get_versions(packages=_ALIKE)
        try:
            compare_versions(versions["client"]["packages"], versions["scheduler"]["packages"])
        except RuntimeError:
            client.close()
            raise
    return client


def compare_versions(own: Mapping[str, str | None], cluster: Mapping[str, str | None]) -> None:
    """Raises where this Python could not exchange tasks and models with the cluster."""

    def shown(versions: Mapping[str, str | None]) -> dict[str, str]:
        python = ".".join((versions["python"] or "").split(".")[:2])
        return {"Python": python} | {name: versions.get(name) or "none" for name in _ALIKE}

    ours = shown(own)
    differing = [
        f"{name} {theirs} there, {ours[name]} here"
        for name, theirs in shown(cluster).items()
        if theirs != ours[name]
    ]
    if differing:
        raise RuntimeError(
            f"this Python differs from the Dask cluster's: {'; '.join(differing)}. Run `pip install"
            f" -r {PINS}`, which `npm run connect` writes, or pass check=False"
        )
