"""The model server over HTTP. Every error has a kind and a sentence for people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import Retry

from prediction_app import metrics
from prediction_app.columns import request_data
from prediction_app.model import Column, Model, parse_model

_CONNECT_SECONDS = 3
_DESCRIBE_SECONDS = 5
_PREDICT_SECONDS = 30
# Of an answer, which takes several times as much memory once it is read.
_MOST_BYTES = 8 * 2**20
_READ_BYTES = 2**16


class AskError(Exception):
    """The model server gave no usable answer."""

    outcome: str
    """Name of the kind in metrics."""


class ServerAwayError(AskError):
    """The model server cannot be reached, or its answer is invalid."""

    outcome = "unavailable"


class NoModelError(AskError):
    """The model server is there but no model has the alias yet."""

    outcome = "no_model"


class RefusedError(AskError):
    """The model server rejects the input; the message says why."""

    outcome = "refused"


class LongAnswerError(AskError):
    """The answer is longer than fits the memory of the page; ask for fewer rows at once."""

    outcome = "refused"


@dataclass(frozen=True)
class Prediction:
    values: list[Any]
    version: str
    """Version of the model that made them."""
    probabilities: list[dict[str, float]] | None = None
    """Of every class, for each value, from a model that returns them."""


class _OnceMore(Retry):
    """Retries requests that a terminating pod cut off; predicting twice does no harm."""

    def increment(self, *args: object, error: Exception | None = None, **others: object) -> Retry:
        if isinstance(error, ReadTimeoutError):
            raise error  # a slow server is not made faster by a second request
        return super().increment(*args, error=error, **others)


class ModelServer:
    def __init__(self, url: str, model: str = "") -> None:
        self.url = url.rstrip("/")
        self._model = model
        self._session = requests.Session()
        # An answer is never retried: a 503 with Retry-After means that there is no model.
        retry = _OnceMore(
            total=1, backoff_factor=0.2, allowed_methods=None, respect_retry_after_header=False
        )
        self._session.mount("http://", HTTPAdapter(max_retries=retry))
        self._session.mount("https://", HTTPAdapter(max_retries=retry))

    def describe(self) -> Model:
        """The model that answers now."""
        with self._counted("describe"):
            body, _ = self._ask("GET", "/model", _DESCRIBE_SECONDS)
            try:
                return parse_model(body)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise ServerAwayError(
                    f"{self.url}/model did not return the answer of a model server"
                ) from error

    def predict(
        self,
        columns: tuple[Column, ...],
        rows: list[dict[str, Any]],
        params: dict[str, Any] | None = None,
        probabilities: bool = False,
    ) -> Prediction:
        """Predicts all rows in one request. A column that no row has is left out."""
        path = "/invocations?probabilities=true" if probabilities else "/invocations"
        body = request_data(columns, rows) | ({"params": params} if params else {})
        with self._counted("predict"):
            answer, version = self._ask("POST", path, _PREDICT_SECONDS, body)
            values = _rows(answer.get("predictions"), len(rows))
            if values is None or (len(values) != len(rows) and columns[0].shape is None):
                raise ServerAwayError("The model server gave no prediction for some of the rows.")
        metrics.predictions.labels(self._model).inc(len(values))
        return Prediction(values, version, _probabilities(answer, len(values)))

    @contextmanager
    def _counted(self, request: str) -> Iterator[None]:
        outcome = "ok"
        try:
            yield
        except AskError as fault:
            outcome = fault.outcome
            raise
        finally:
            metrics.model_server_requests.labels(self._model, request, outcome).inc()

    def _ask(
        self, method: str, path: str, seconds: int, body: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], str]:
        """The answer, and the version of the model that gave it."""
        try:
            with self._session.request(
                method,
                self.url + path,
                json=body,
                timeout=(_CONNECT_SECONDS, seconds),
                stream=True,
            ) as reply:
                answer = _json_object(_read(reply))
        except requests.RequestException as error:
            # the second is of an answer that stops in the middle
            slow = isinstance(error, requests.Timeout) or isinstance(
                error.__context__, ReadTimeoutError
            )
            how = "did not answer in time" if slow else "cannot be reached"
            raise ServerAwayError(f"The model server {how}.") from error
        if reply.ok and answer is not None:
            return answer, reply.headers.get("X-Model-Version", "unknown")
        detail = str((answer or {}).get("detail", ""))
        if reply.status_code == 503 and detail:
            raise NoModelError(detail)
        if 400 <= reply.status_code < 500 and detail and method == "POST":
            raise RefusedError(detail)
        raise ServerAwayError(f"The model server failed with status {reply.status_code}.")


def _probabilities(answer: dict[str, Any], rows: int) -> list[dict[str, float]] | None:
    """Those of every row by class, if the answer has them."""
    classes, shares = answer.get("classes"), answer.get("probabilities")
    if not isinstance(classes, list) or not isinstance(shares, list) or len(shares) != rows:
        return None
    return [dict(zip(map(str, classes), row, strict=True)) for row in shares]


def _rows(predictions: object, rows: int) -> list[Any] | None:
    """A list with a prediction for each row, whatever the model returns; None if it has none."""
    if isinstance(predictions, dict) and predictions:
        outputs = list(predictions.values())
        if all(isinstance(output, list) and len(output) == len(outputs[0]) for output in outputs):
            return [dict(zip(predictions, row, strict=True)) for row in zip(*outputs, strict=True)]
    if isinstance(predictions, list):
        return predictions
    return [predictions] if rows == 1 and predictions is not None else None


def _read(reply: requests.Response) -> bytes:
    content = bytearray()
    for chunk in reply.iter_content(_READ_BYTES):
        content += chunk
        if len(content) > _MOST_BYTES:
            raise LongAnswerError(
                f"The answer of the model is longer than {_MOST_BYTES // 2**20} MB; "
                "call the model server over HTTP."
            )
    return bytes(content)


def _json_object(content: bytes) -> dict[str, Any] | None:
    """None if it is anything else."""
    try:
        answer = json.loads(content)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
