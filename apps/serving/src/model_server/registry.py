"""What the server reads from MLflow: the version with the alias, its files, its run's metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from mlflow.entities import FileInfo
from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_TIMEOUT
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from model_server.errors import ModelMissingError, RegistryError, in_short

# The look at the alias is one small query that is asked again a second later: while MLflow starts,
# packets to it may get lost, and waiting for them as long as for a file would hold up the start.
_LOOK_SECONDS = 3
_RUN_SECONDS = 30
_FAILED_FILE = re.compile(r"##### File (.+) #####\n(.+)")


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
        self._tracking_uri = tracking_uri
        self._model_name = model_name
        self._alias = alias

    def look_up(self) -> ModelVersion | None:
        """The version that has the alias, or None if no version of the model has it.

        Raises `ModelMissingError` if there is no such model, and `RegistryError` if MLflow does not
        say.
        """
        answer = self._ask("registered-models/alias", name=self._model_name, alias=self._alias)
        if answer.status_code == 200:
            found = _content(answer).get("model_version", {})
            if {"name", "version", "creation_timestamp"} <= found.keys():
                return ModelVersion(
                    found["name"],
                    str(found["version"]),
                    found.get("run_id") or None,
                    int(found["creation_timestamp"]),
                )
        # So MLflow answers for an unknown alias of a known model.
        if _error_code(answer) == "INVALID_PARAMETER_VALUE":
            return None
        if _denied(answer):
            # Also what users other than administrators get for a model that does not exist. Asked
            # for the model itself, MLflow tells them, unless they may read nothing by default.
            answer = self._ask("registered-models/get", name=self._model_name)
            if answer.status_code == 200:
                raise RegistryError(
                    f"{self._user} may read the model {self._model_name} but not its versions: "
                    "give that user read permission in MLflow"
                )
        if _error_code(answer) == "RESOURCE_DOES_NOT_EXIST":
            reason = f"no model {self._model_name} is registered in MLflow"
            raise ModelMissingError(reason, certain=True)
        if _denied(answer):
            reason = (
                f"no model {self._model_name} is registered in MLflow, or {self._user} may not "
                "read it"
            )
            raise ModelMissingError(reason, certain=False)
        raise RegistryError(self._refusal(answer))

    def download(self, version: ModelVersion, target: Path) -> Path:
        """Fetch the files of a version into `target` and return the folder with its MLmodel.

        A server that sends nothing for MLFLOW_HTTP_REQUEST_TIMEOUT seconds is given up on; how long
        the whole download takes does not matter. A file that arrives in part is an error.
        """
        uri = f"models:/{version.name}/{version.version}"
        try:
            repository = get_artifact_repository(
                uri, tracking_uri=self._tracking_uri, registry_uri=self._tracking_uri
            )
            files = list(_files(repository))
            folder = Path(repository.download_artifacts("", str(target)))
        except Exception as error:
            raise RegistryError(_download_failure(error)) from error
        if not files:
            raise RegistryError("MLflow has no files of it: check the artifact store")
        for file in files:
            _check_size(file, folder / file.path)
        return folder

    def run_metrics(self, version: ModelVersion) -> dict[str, float]:
        """The metrics of the run behind a version; none if it has no run or that is gone."""
        if version.run_id is None:
            return {}
        answer = self._ask("runs/get", _RUN_SECONDS, run_id=version.run_id)
        # Metrics are only shown: a run that is gone, or hidden, does not keep a model from serving.
        if _denied(answer) or _error_code(answer) == "RESOURCE_DOES_NOT_EXIST":
            return {}
        if answer.status_code != 200:
            raise RegistryError(self._refusal(answer))
        metrics = _content(answer).get("run", {}).get("data", {}).get("metrics", [])
        return {metric["key"]: float(metric["value"]) for metric in metrics}

    def _ask(self, path: str, seconds: int = _LOOK_SECONDS, **params: str) -> requests.Response:
        # Not through the client: its one timeout comes from the environment and is for downloads.
        try:
            return http_request(
                get_default_host_creds(self._tracking_uri),
                f"/api/2.0/mlflow/{path}",
                "GET",
                params=params,
                timeout=seconds,
                max_retries=0,
                raise_on_status=False,
            )
        except Exception as error:
            raise RegistryError(
                f"{self._server} does not answer{_why_silent(error, seconds)}"
            ) from error

    def _refusal(self, answer: requests.Response) -> str:
        """What an answer means that is about neither the model nor its alias."""
        if answer.status_code == 401:
            return (
                f"{self._server} refuses the login of {self._user}: check "
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            )
        if answer.status_code == 403 and answer.text.startswith("Invalid Host header"):
            return (
                f"{self._server} refuses the host name in that address: use one of its "
                "MLFLOW_SERVER_ALLOWED_HOSTS, or add this one there"
            )
        said = _content(answer).get("message") or answer.text
        what = in_short(RegistryError(said), 100) if "<" not in said else "a web page"
        if answer.status_code >= 500:
            return f"{self._server} fails with {answer.status_code} ({what}): look at its log"
        return (
            f"{self._server} answers {answer.status_code} ({what}), which is not an answer of "
            "MLflow's registry: check MLFLOW_TRACKING_URI"
        )

    @property
    def _server(self) -> str:
        return f"the tracking server at {self._tracking_uri}"

    @property
    def _user(self) -> str:
        name = get_default_host_creds(self._tracking_uri).username
        return f"the user {name}" if name else "a client without a user name"


def _content(answer: requests.Response) -> dict[str, Any]:
    """The answer's JSON object; empty if it is something else, such as a proxy's page."""
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _error_code(answer: requests.Response) -> str | None:
    return None if answer.status_code == 200 else _content(answer).get("error_code")


def _denied(answer: requests.Response) -> bool:
    """Whether MLflow itself, not something in front of it, denies permission."""
    return answer.status_code == 403 and (
        answer.text.strip() == "Permission denied" or _error_code(answer) == "PERMISSION_DENIED"
    )


def _why_silent(error: Exception, seconds: int) -> str:
    # MLflow's own text repeats the URL and advises on another timeout.
    if "timed out" in str(error):
        return f" within {seconds} s"
    cause = error.__context__ or error
    reason = getattr(next(iter(cause.args), None), "reason", cause)
    return ": " + re.sub(r"^HTTPS?Connection\(.*?\): ", "", str(reason))


def _files(repository: ArtifactRepository, folder: str | None = None) -> Iterator[FileInfo]:
    for entry in repository.list_artifacts(folder):
        if entry.is_dir:
            yield from _files(repository, entry.path)
        else:
            yield entry


def _check_size(file: FileInfo, path: Path) -> None:
    if file.file_size is None:
        return
    arrived = path.stat().st_size if path.is_file() else 0
    if arrived != file.file_size:
        raise RegistryError(f"{file.path} arrived incomplete: {arrived} of {file.file_size} bytes")


def _download_failure(error: Exception) -> str:
    # MLflow's first line says only that there were failures; each file and its cause follow.
    failed = _FAILED_FILE.search(str(error))
    what, cause = failed.groups() if failed else ("its list of files", in_short(error))
    if "timed out" in cause:
        return f"{what}: nothing arrived for {MLFLOW_HTTP_REQUEST_TIMEOUT.get()} s"
    return f"{what}: {cause}"
