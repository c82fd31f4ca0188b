"""A signature, compiled once into the decoder of its requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.pyfunc.scoring_server import infer_and_parse_data
from mlflow.types.schema import DataType, Schema

from model_server.columns import Column, Decoded
from model_server.errors import InputError, in_short
from model_server.protocol import Payload, to_table


@dataclass(frozen=True)
class Rows:
    """A request as the model takes it, and its columns by name where it has such."""

    data: Any
    columns: Mapping[str, Decoded]


class ColumnsDecoder:
    """For signatures of named columns of plain types: no guessing of types, no second pass."""

    def __init__(self, columns: list[Column], fill_missing: bool) -> None:
        self._columns = columns
        self._names = [column.name for column in columns]
        self._index = pd.Index(self._names)
        self._fill_missing = fill_missing
        self.text_columns = [column.name for column in columns if column.type in _WRITTEN]
        self.number_columns = [column.name for column in columns if column.type not in _WRITTEN]

    def decode(self, payload: Payload) -> Rows:
        """The request as a frame with the signature's columns; others are ignored, as MLflow
        does."""
        table = to_table(payload, self._names)
        absent = [c.name for c in self._columns if c.required and c.name not in table.columns]
        if absent:
            raise InputError(_absent(absent, table.columns, self._names))
        decoded: dict[str, Decoded] = {}
        for column in self._columns:
            if column.name in table.columns:
                decoded[column.name] = column.decode(table.columns[column.name])
            elif self._fill_missing:
                decoded[column.name] = column.missing(table.rows)
        arrays = list(decoded.values())
        kinds = {values.dtype if isinstance(values, np.ndarray) else None for values in arrays}
        if len(kinds) == 1 and None not in kinds and len(arrays) == len(self._names):
            # One block instead of one per column: a third of the time for a single row.
            block = np.stack(arrays, axis=1)
            return Rows(pd.DataFrame(block, columns=self._index, copy=False), decoded)
        return Rows(pd.DataFrame(decoded), decoded)


class MlflowDecoder:
    """For tensors, nested types and unnamed columns: MLflow's own parser, a good deal slower."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.text_columns: list[str] = []
        self.number_columns: list[str] = []

    def decode(self, payload: Payload) -> Rows:
        if payload.data in (None, [], {}):
            raise InputError(f"{payload.form} has no rows")
        try:
            return Rows(infer_and_parse_data({payload.form: payload.data}, self._schema), {})
        except MlflowException as error:
            raise InputError(f"{payload.form} does not fit the signature: {in_short(error)}") from (
                error
            )


_WRITTEN = {DataType.string, DataType.datetime, DataType.binary}


def compile_decoder(
    signature: ModelSignature, fill_missing: bool
) -> ColumnsDecoder | MlflowDecoder:
    """`fill_missing` gives the model every optional column, empty where the request has none;
    scikit-learn needs that, while MLflow's own check wants such columns left out."""
    schema = signature.inputs
    named = all(isinstance(getattr(spec, "name", None), str) for spec in schema.inputs)
    plain = all(isinstance(spec.type, DataType) for spec in schema.inputs)
    if not (named and plain):
        return MlflowDecoder(schema)
    columns = [Column(spec.name, spec.type, spec.required) for spec in schema.inputs]
    return ColumnsDecoder(columns, fill_missing)


def _absent(absent: list[str], sent: dict[str, Any], names: list[str]) -> str:
    listed = ", ".join(repr(name) for name in absent[:10])
    more = f" and {len(absent) - 10} more" if len(absent) > 10 else ""
    text = f"Missing column{'s' if len(absent) > 1 else ''} {listed}{more}"
    unknown = [name for name in sent if name not in names][:10]
    if unknown:
        text += f"; the model does not know {', '.join(repr(name) for name in unknown)}"
    return text
