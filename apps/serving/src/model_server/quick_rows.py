"""A signature of numbers, compiled once into a parser: from the bytes of a request to a matrix.

It reads only the plainest requests: every column of the signature, in its order, finite numbers.
Whatever else a body holds is left to the general decoder, which knows what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
from mlflow.types.schema import DataType

from model_server.columns import Column

_INT32 = np.iinfo(np.int32)
_PARSED: dict[DataType, Any] = {
    DataType.double: float,
    DataType.float: float,
    DataType.integer: Annotated[int, msgspec.Meta(ge=int(_INT32.min), le=int(_INT32.max))],
    # Up to here a double holds every whole number.
    DataType.long: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)],
}


class QuickRows:
    """Reads the forms dataframe_split and dataframe_records."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """The columns must be ones that `are_quick`."""
        self.names = [column.name for column in columns]
        # 32-bit columns are rounded as the model's training data was.
        self._single = [
            place for place, column in enumerate(columns) if column.type == DataType.float
        ]
        types = [_PARSED[column.type] for column in columns]
        fields = [f"f{place}" for place in range(len(types))]
        record = msgspec.defstruct(
            "Record",
            list(zip(fields, types, strict=True)),
            rename=dict(zip(fields, self.names, strict=True)),
            forbid_unknown_fields=True,
            gc=False,
        )
        split = msgspec.defstruct(
            "Split",
            [("columns", list[str]), ("data", list[tuple[*types]])],  # type: ignore[valid-type]
            forbid_unknown_fields=True,
        )
        body = msgspec.defstruct(
            "Body",
            [("dataframe_split", split | None, None), ("dataframe_records", list[record], [])],  # type: ignore[valid-type]
            forbid_unknown_fields=True,
        )
        self._decoder = msgspec.json.Decoder(body)

    def read(self, body: bytes) -> np.ndarray | None:
        """The rows, or None if the general decoder is to read them."""
        try:
            parsed = self._decoder.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return None
        split, records = parsed.dataframe_split, parsed.dataframe_records
        width = len(self.names)
        if split is not None and not records:
            keys, rows = 3 + width, split.data
            if split.columns != self.names:
                return None
        else:
            keys, rows = 1 + width * len(records), list(map(msgspec.structs.astuple, records))
        # Each key has two quotes, and no value any: with more, something is said twice.
        if not rows or body.count(b'"') != 2 * keys:
            return None
        matrix = np.array(rows, np.float64)
        if self._single:
            with np.errstate(over="ignore"):
                matrix[:, self._single] = matrix[:, self._single].astype(np.float32)
        return matrix if np.isfinite(matrix).all() else None


def are_quick(columns: Sequence[Column]) -> bool:
    """Whether all of them are required numbers."""
    return bool(columns) and all(column.required and column.type in _PARSED for column in columns)
