"""One model version in memory, ready to answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel
from mlflow.types.schema import ParamSchema

from model_server.compiled import Compiled
from model_server.csv_body import read_csv
from model_server.decoder import ColumnsDecoder, Decoder, Rows
from model_server.errors import InputError, in_short
from model_server.flavors import Asked
from model_server.observed import Observed
from model_server.predictions import to_json
from model_server.protocol import Payload, read_json
from model_server.quick_rows import QuickRows, are_quick
from model_server.registry import ModelVersion


@dataclass(frozen=True)
class Encoded:
    """The body of a successful answer, and what its header says of it."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer(Encoded):
    """The same with its number of rows."""

    rows: int


Encode = Callable[[object, dict[str, object]], Encoded]
"""Of the predictions, and of the probabilities and classes where they were asked for."""


def as_mlflow(predictions: object, more: dict[str, object]) -> Encoded:
    """An answer of MLflow's protocol."""
    return Encoded(to_json(predictions, **more), _JSON)


_JSON = {"Content-Type": "application/json"}
# So much is answered without a thread: no more than a millisecond or two of arithmetic.
_AT_ONCE_BYTES, _AT_ONCE_ROWS = 64 * 1024, 16


class LoadedModel:
    """Immutable once made, except for its counts."""

    def __init__(
        self,
        version: ModelVersion,
        pyfunc: PyFuncModel,
        decoder: Decoder,
        asked: Asked,
        observed: Observed,
        description: dict[str, Any],
        loaded_at: datetime,
    ) -> None:
        self.version = version
        self.observed = observed
        self.description = description
        self.loaded_at = loaded_at
        self.decoder = decoder
        self.asked = asked
        self._params: ParamSchema | None = pyfunc.metadata.get_params_schema()
        self._pyfunc = _without_check(pyfunc)
        self._compiled: Compiled | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is a function of a matrix of numbers, which may be compiled."""
        asked = self.asked
        plain = asked.estimator is not None and asked.prepare is None and self._params is None
        return (
            plain and isinstance(self.decoder, ColumnsDecoder) and are_quick(self.decoder.columns)
        )

    def take(self, compiled: Compiled) -> None:
        """Answer plain requests by this from now on."""
        self._rows, self._compiled = QuickRows(self.decoder.columns), compiled

    def at_once(self, body: bytes) -> Answer | None:
        """The answer to a small plain request by arithmetic alone, for which no thread is needed;
        else None."""
        if self._compiled is None or not self._compiled.is_short or len(body) > _AT_ONCE_BYTES:
            return None
        return self._quickly(body, _AT_ONCE_ROWS)

    def _quickly(self, body: bytes, most_rows: float = math.inf) -> Answer | None:
        """None for what is left to the general path, which knows what is wrong with it."""
        if self._compiled is None:
            return None
        rows = self._rows.read(body)
        if rows is None or len(rows) > most_rows:
            return None
        try:
            predictions = self._compiled.predict(rows)
        except Exception:
            return None
        drifts = self.observed.drift is not None  # hundreds of columns take a while
        columns = dict(zip(self._rows.names, rows.T, strict=True)) if drifts else {}
        self.observed.note(columns, len(rows), predictions)
        body = msgspec.json.encode({"predictions": predictions.tolist()})  # no number is null
        return Answer(body, _JSON, len(rows))

    def answer(self, media_type: str, body: bytes, probabilities: bool = False) -> Answer:
        """A request of MLflow's protocol; `InputError` if it is at fault."""
        if media_type == "application/json" and not probabilities:
            quick = self._quickly(body)
            if quick is not None:
                return quick
        if media_type == "text/csv":
            payload = read_csv(body, self.decoder.names)
        else:
            payload = read_json(body)
        return self.predict(payload, as_mlflow, probabilities)

    def predict(self, payload: Payload, encode: Encode, probabilities: bool) -> Answer:
        """Decode the rows, predict, encode and count."""
        if probabilities and self.asked.probabilities is None:
            raise InputError(
                "The model returns no probabilities; leave probabilities out of the request"
            )
        rows, predictions = self._predict(payload)
        encoded = encode(predictions, self._probabilities(rows) if probabilities else {})
        count = len(rows.data) if hasattr(rows.data, "__len__") else 1
        self.observed.note(rows.columns, count, predictions)
        return Answer(encoded.body, encoded.headers, count)

    def try_out(self, payload: Payload) -> None:
        """The same for rows that are not from a request and are not counted."""
        _, predictions = self._predict(payload)
        as_mlflow(predictions, {})
        self.observed.expect(predictions)

    def _predict(self, payload: Payload) -> tuple[Rows, object]:
        rows = self.decoder.decode(payload)
        try:
            if self.asked.prepare is not None:
                rows = replace(rows, data=self.asked.prepare(rows.data))
            if self.asked.predict is not None and self._params is None:
                return rows, self.asked.predict(rows.data)
            params = payload.params if self._params is not None else None
            return rows, self._pyfunc.predict(rows.data, params=params)
        except (MlflowException, ValueError, TypeError) as error:
            # What a model raises for values it cannot work with, such as an unknown category.
            raise InputError(f"The model rejects the input: {in_short(error)}") from error

    def _probabilities(self, rows: Rows) -> dict[str, object]:
        assert self.asked.probabilities is not None
        shares = self.asked.probabilities(rows.data)
        classes = self.asked.classes
        # Of several outputs XGBoost names the classes of each, where others count the outputs.
        if np.shape(shares)[1] != len(classes):
            classes = list(range(np.shape(shares)[1]))
        return {"probabilities": shares, "classes": classes}


def _without_check(pyfunc: PyFuncModel) -> PyFuncModel:
    """The decoder has checked the inputs. MLflow's own check would do it again, refuses a missing
    whole number in an optional column, and loses the column that is called 0."""
    signature = copy(pyfunc.metadata.signature)
    signature.inputs = None
    pyfunc.metadata.signature = signature
    return pyfunc
