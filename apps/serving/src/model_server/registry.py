"""What the server asks of MLflow: which version has the alias, its files, its run's metrics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request, verify_rest_response

from model_server.errors import RegistryError, in_short

# MLflow answers INVALID_PARAMETER_VALUE for an unknown alias of a known model, and
# RESOURCE_DOES_NOT_EXIST for an unknown model.
_NOT_THERE = {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"}
_ALIAS_PATH = "/api/2.0/mlflow/registered-models/alias"
# The look at the alias is one small query that is asked again a second later: while MLflow starts,
# packets to it may get lost, and waiting for them as long as for a file would hold up the start.
_LOOK_SECONDS = 3


@dataclass(frozen=True)
class ModelVersion:
    """One registered version. The creation time tells apart two models that were registered
    under the same name one after the other, whose version numbers both start at 1."""

    name: str
    version: str
    run_id: str | None
    created: int


class Registry:
    """Blocking calls to the tracking server; they belong in a worker thread."""

    def __init__(self, tracking_uri: str, model_name: str, alias: str) -> None:
        self._client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
        self._tracking_uri = tracking_uri
        self._model_name = model_name
        self._alias = alias

    def look_up(self) -> ModelVersion | None:
        """The version that has the alias, or None if the registry says that there is none."""
        try:
            found = self._ask_for_alias()
        except MlflowException as error:
            if error.error_code in _NOT_THERE:
                return None
            if "timed out" in str(error):  # MLflow's own text advises on another timeout
                raise RegistryError(f"no answer within {_LOOK_SECONDS} s") from error
            raise RegistryError(in_short(error)) from error
        except Exception as error:
            raise RegistryError(in_short(error)) from error
        return ModelVersion(
            found["name"],
            str(found["version"]),
            found.get("run_id") or None,
            int(found["creation_timestamp"]),
        )

    def _ask_for_alias(self) -> dict[str, Any]:
        # Not through the client: its one timeout holds for downloads too, and comes from the
        # environment, which must not change while other threads read it.
        response = http_request(
            get_default_host_creds(self._tracking_uri),
            _ALIAS_PATH,
            "GET",
            params={"name": self._model_name, "alias": self._alias},
            timeout=_LOOK_SECONDS,
            max_retries=0,
        )
        return verify_rest_response(response, _ALIAS_PATH).json()["model_version"]

    def download(self, version: ModelVersion, target: Path) -> Path:
        """Fetch the files of a version into `target` and return the folder with its MLmodel."""
        uri = f"models:/{version.name}/{version.version}"
        try:
            return Path(
                download_artifacts(uri, dst_path=str(target), tracking_uri=self._tracking_uri)
            )
        except Exception as error:
            raise RegistryError(in_short(error)) from error

    def run_metrics(self, version: ModelVersion) -> dict[str, float]:
        """The metrics of the run behind a version; none if it has no run or it is gone."""
        if version.run_id is None:
            return {}
        try:
            return dict(self._client.get_run(version.run_id).data.metrics)
        except MlflowException as error:
            if error.error_code in _NOT_THERE:
                return {}
            raise RegistryError(in_short(error)) from error
