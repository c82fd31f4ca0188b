"""Refuses experiments whose artifacts would be on the server's own disk.

MLflow's server reads and writes artifacts for its users wherever an experiment says they are. A
local path would open the files of the server's pod: `/etc`, `/tmp`, the artifacts of others.
"""

import logging
from urllib.parse import unquote, urlparse

from flask import Flask, request
from mlflow.exceptions import MlflowException
from mlflow.protos.service_pb2 import CreateExperiment
from mlflow.server.handlers import (
    _get_request_message,
    catch_mlflow_exception,
    get_endpoints,
)

_logger = logging.getLogger(__name__)

# Names of buckets, which the server reaches with its own identity.
_BUCKETS = frozenset({"gs", "s3", "abfss", "wasbs"})
_CREATE_EXPERIMENT = frozenset(
    path for path, is_wanted, _ in get_endpoints({CreateExperiment: True}.get) if is_wanted is True
)


def refuse_local_locations(app: Flask) -> None:
    """Checks every request that creates an experiment, after its user was authenticated."""
    app.before_request(_check_request)


@catch_mlflow_exception
def _check_request() -> None:
    if request.path not in _CREATE_EXPERIMENT:
        return
    # Read by MLflow's own parser: it knows more than one spelling of a field.
    location = _get_request_message(CreateExperiment()).artifact_location
    if location and not is_remote(location):
        # `npm run doctor` looks for this line.
        _logger.warning("Refused an experiment with the artifact_location %r", location)
        raise MlflowException.invalid_parameter_value(
            "artifact_location must be below mlflow-artifacts:/ or in a bucket such as "
            f"gs://bucket/path, not {location!r}; leave it out to let the server choose"
        )


def is_remote(location: str) -> bool:
    """Whether a location is the server's artifact store or a bucket, and leaves neither."""
    uri = urlparse(location)
    if ".." in unquote(unquote(uri.path)).split("/"):
        return False
    if uri.scheme == "mlflow-artifacts":
        return not uri.netloc and uri.path.startswith("/")
    return uri.scheme in _BUCKETS and bool(uri.netloc)
