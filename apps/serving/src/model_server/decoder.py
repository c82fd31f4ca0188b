"""A signature, compiled once into the decoder of its requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from mlflow.environment_variables import _MLFLOW_IS_IN_SERVING_ENVIRONMENT
from mlflow.models import ModelSignature
from mlflow.models.utils import _enforce_schema
from mlflow.pyfunc.scoring_server import infer_and_parse_data
from mlflow.types.schema import DataType, Schema, TensorSpec

from model_server.columns import Column, Decoded, column_names
from model_server.csv_body import Csv
from model_server.errors import InputError, LoadError, in_short
from model_server.names import Names, refuse_twice
from model_server.protocol import Payload, check_lists, check_objects, to_table
from model_server.tensors import refuse_changes
from model_server.wording import quoted


@dataclass(frozen=True)
class Rows:
    """A request as the model takes it, and its columns by name where it has such."""

    data: Any
    columns: Mapping[str, Decoded]


class ColumnsDecoder:
    """For signatures of columns of plain types: no guessing of types, no second pass.

    Requests name the columns by text. The model gets them as the signature has them: the columns
    of a frame that was made from an array are the numbers 0, 1, 2, or have no names at all.
    """

    def __init__(self, columns: list[Column], labels: Sequence[Any], fill_missing: bool) -> None:
        self.columns = columns
        self._labels = labels
        self._index = pd.Index(labels)
        self._fill_missing = fill_missing
        numbered = list(labels) == list(range(len(labels)))
        self.names = Names([column.name for column in columns], numbered)
        self.number_columns = [column.name for column in columns if column.type not in _WRITTEN]

    def decode(self, payload: Payload) -> Rows:
        """The request as a frame with the signature's columns; others are ignored, as in MLflow."""
        table = to_table(payload, self.names)
        sent = table.columns
        absent = [c.name for c in self.columns if c.required and c.name not in sent]
        if absent:
            raise self.names.absent(absent, table.sent)
        decoded: dict[str, Decoded] = {}
        for column in self.columns:
            if column.name in sent:
                values = sent[column.name]
                decoded[column.name] = column.decode(
                    column.read(values) if payload.form == "CSV" else values
                )
            elif self._fill_missing:
                decoded[column.name] = column.missing(table.rows)
        return Rows(self._frame(decoded), decoded)

    def _frame(self, decoded: dict[str, Decoded]) -> pd.DataFrame:
        arrays = list(decoded.values())
        kinds = {values.dtype if isinstance(values, np.ndarray) else None for values in arrays}
        if len(kinds) == 1 and None not in kinds and len(arrays) == len(self.names):
            # One block instead of one per column: a third of the time for a single row.
            block = np.stack(arrays, axis=1)
            return pd.DataFrame(block, columns=self._index, copy=False)
        labels = dict(zip(self.names, self._labels, strict=True))
        return pd.DataFrame({labels[name]: values for name, values in decoded.items()})


class MlflowDecoder:
    """For tensors and nested types: MLflow's own parser and check, a good deal slower."""

    number_columns: Sequence[str] = ()

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._named = schema.has_input_names()
        self.specs = schema.inputs
        self.names = Names([str(spec.name) for spec in schema.inputs])

    def decode(self, payload: Payload) -> Rows:
        if payload.form == "CSV":
            payload = Payload("inputs", self._tensors(payload.data))
        if payload.data in (None, [], {}):
            raise InputError(f"{payload.form} has no rows")
        try:
            _refuse_gaps(payload.form, payload.data)
            refuse_changes(payload, self._schema)
            parsed = infer_and_parse_data({payload.form: payload.data}, self._schema)
            return Rows(_enforce_schema(parsed, self._schema), {})
        except InputError:
            raise
        except Exception as error:  # no code of the model runs here, so the fault is in the request
            raise InputError(
                f"{payload.form} does not fit the signature: {in_short(error)}"
            ) from error

    def _tensors(self, body: Csv) -> object:
        """The columns of a CSV body as one matrix, or each as the tensor that has its name."""
        specs = self.specs
        if not all(isinstance(spec, TensorSpec) and spec.type.kind in "fiu" for spec in specs):
            raise InputError(_NO_CSV)
        named = {spec.name: spec for spec in specs}
        width = len(body.header)
        columns: dict[str, list[Any]] = {}
        for place, name in enumerate(body.header):
            spec = named.get(name, specs[0])
            kind = DataType.double if spec.type.kind == "f" else DataType.long
            column = Column(name, kind, required=True)
            columns[name] = column.decode(column.read(body.values[place::width])).tolist()
        return columns if self._named else list(map(list, zip(*columns.values(), strict=True)))


def _refuse_gaps(form: str, data: Any) -> None:  # noqa: ANN401
    """Rows of unequal length, which pandas would fill up."""
    if form == "dataframe_records":
        check_objects(form, data)
    elif form == "dataframe_split":
        rows = data.get("data") if isinstance(data, dict) else None
        if not isinstance(rows, list) or not rows:
            raise InputError(f"{form} must be an object with a list of rows as data")
        columns = data.get("columns")
        refuse_twice(f"{form}: column", list(map(str, columns or ())))
        check_lists(form, rows, len(rows[0] if columns is None else columns))


class TypeHintDecoder:
    """For Python models with type hints: the values as they are, which MLflow checks against the
    hint when it predicts."""

    names = Names(())
    number_columns: Sequence[str] = ()

    def __init__(self) -> None:
        # Has MLflow read dates and bytes from text, as in its own server.
        _MLFLOW_IS_IN_SERVING_ENVIRONMENT.set("true")

    def decode(self, payload: Payload) -> Rows:
        if payload.form in ("CSV", "dataframe_split"):
            raise InputError("The model takes a list of values; send JSON with the field inputs")
        if payload.data in (None, [], {}):
            raise InputError(f"{payload.form} has no rows")
        return Rows(payload.data, {})


Decoder = ColumnsDecoder | MlflowDecoder | TypeHintDecoder
_WRITTEN = {DataType.string, DataType.datetime, DataType.binary}
_NO_CSV = "The model's inputs are not plain columns, so CSV cannot hold them; send JSON"


def compile_decoder(signature: ModelSignature, fill_missing: bool) -> Decoder:
    """`fill_missing` gives the model every optional column, empty where the request has none;
    scikit-learn needs that, while other models expect such columns to be left out."""
    if signature._is_signature_from_type_hint:
        return TypeHintDecoder()
    schema = signature.inputs
    names = column_names(schema)
    if names is None:
        return MlflowDecoder(schema)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise LoadError(f"two of its columns are called {quoted(twice)} in JSON; rename one")
    specs = schema.inputs
    columns = [
        Column(name, spec.type, spec.required) for name, spec in zip(names, specs, strict=True)
    ]
    labels = [place if spec.name is None else spec.name for place, spec in enumerate(specs)]
    return ColumnsDecoder(columns, labels, fill_missing)
