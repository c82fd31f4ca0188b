"""What the server asks of MLflow: which version has the alias, its files, its run's metrics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from model_server.errors import RegistryError, in_short

# MLflow answers INVALID_PARAMETER_VALUE for an unknown alias of a known model, and
# RESOURCE_DOES_NOT_EXIST for an unknown model.
_NOT_THERE = {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"}


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
            found = self._client.get_model_version_by_alias(self._model_name, self._alias)
        except MlflowException as error:
            if error.error_code in _NOT_THERE:
                return None
            raise RegistryError(in_short(error)) from error
        except Exception as error:
            raise RegistryError(in_short(error)) from error
        return ModelVersion(
            found.name, str(found.version), found.run_id or None, found.creation_timestamp
        )

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
