"""One model version in memory, ready to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel
from mlflow.types.schema import ParamSchema

from model_server.csv_body import read_csv
from model_server.decoder import Decoder, Rows
from model_server.errors import InputError, in_short
from model_server.flavors import Asked
from model_server.observed import Observed
from model_server.predictions import to_json
from model_server.protocol import Payload, read_json
from model_server.registry import ModelVersion


@dataclass(frozen=True)
class Encoded:
    """The body of a successful answer, and what its header says of it."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer(Encoded):
    """The same with the number of rows it is about."""

    rows: int


Encode = Callable[[object, dict[str, object]], Encoded]
"""Of the predictions, and of the probabilities and classes where they were asked for."""


def as_mlflow(predictions: object, more: dict[str, object]) -> Encoded:
    """An answer of MLflow's protocol."""
    return Encoded(to_json(predictions, **more), {"Content-Type": "application/json"})


class LoadedModel:
    """Immutable once made, but for what it counts."""

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
        self._params: ParamSchema | None = pyfunc.metadata.get_params_schema()
        self._pyfunc = _without_check(pyfunc)
        self._asked = asked

    def answer(self, media_type: str, body: bytes, probabilities: bool = False) -> Answer:
        """A request of MLflow's protocol; `InputError` if it is at fault."""
        if media_type == "text/csv":
            payload = read_csv(body, self.decoder.names)
        else:
            payload = read_json(body)
        return self.predict(payload, as_mlflow, probabilities)

    def predict(self, payload: Payload, encode: Encode, probabilities: bool) -> Answer:
        """Decode the rows, predict, encode and count."""
        if probabilities and self._asked.probabilities is None:
            raise InputError("The model has no probabilities: do not ask for them")
        rows, predictions = self._predict(payload)
        encoded = encode(predictions, self._probabilities(rows) if probabilities else {})
        count = len(rows.data) if hasattr(rows.data, "__len__") else 1
        self.observed.note(rows.columns, count, predictions)
        return Answer(encoded.body, encoded.headers, count)

    def try_out(self, payload: Payload) -> None:
        """The same for rows that nobody asked about, which are not counted."""
        _, predictions = self._predict(payload)
        as_mlflow(predictions, {})
        self.observed.expect(predictions)

    def _predict(self, payload: Payload) -> tuple[Rows, object]:
        rows = self.decoder.decode(payload)
        try:
            if self._asked.prepare is not None:
                rows = replace(rows, data=self._asked.prepare(rows.data))
            if self._asked.predict is not None and self._params is None:
                return rows, self._asked.predict(rows.data)
            params = payload.params if self._params is not None else None
            return rows, self._pyfunc.predict(rows.data, params=params)
        except (MlflowException, ValueError, TypeError) as error:
            # What a model raises for values it cannot work with, such as an unknown category.
            raise InputError(f"The model refuses the input: {in_short(error)}") from error

    def _probabilities(self, rows: Rows) -> dict[str, object]:
        assert self._asked.probabilities is not None
        shares = self._asked.probabilities(rows.data)
        classes = self._asked.classes
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
