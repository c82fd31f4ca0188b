"""The model as the model server describes it in `GET /model`."""

from dataclasses import dataclass, field
from typing import Any

from prediction_app.columns import Column
from prediction_app.values import from_json


@dataclass(frozen=True)
class LoadError:
    """Why a newer version is not the one that answers."""

    version: str | None
    reason: str
    state: str = "failed"
    """"failed", "loading" (not done yet), "unreachable" (the registry does not answer) or "missing"
    (it has no such model any more, or shows none)."""


@dataclass(frozen=True)
class Model:
    name: str
    version: str
    alias: str
    run_id: str | None
    inputs: tuple[Column, ...]
    output: str
    """Name of what is predicted; "prediction" when the signature has no name for it."""
    examples: tuple[dict[str, Any], ...]
    """Rows of the input example, the first one the most typical; None for what does not fit."""
    metrics: dict[str, float] = field(default_factory=dict)
    # Every replica of the model server has its own; that makes it no other model.
    loaded_at: str | None = field(default=None, compare=False)
    load_error: LoadError | None = None


def parse_model(body: dict[str, Any]) -> Model:
    """Reads the answer of the model server; fields that are not there become empty."""
    signature = body.get("signature") or {}
    outputs = [column.get("name") for column in signature.get("outputs") or []]
    example = body.get("input_example") or {}
    names = [str(name) for name in example.get("columns") or []]
    inputs = tuple(_column(column) for column in signature.get("inputs") or [])
    return Model(
        name=str(body["name"]),
        version=str(body["version"]),
        alias=str(body.get("alias") or ""),
        run_id=body.get("run_id"),
        inputs=inputs,
        output=str(outputs[0]) if len(outputs) == 1 and outputs[0] is not None else "prediction",
        examples=tuple(
            _example(inputs, dict(zip(names, row, strict=False)))
            for row in example.get("data") or []
        ),
        metrics=dict(body.get("metrics") or {}),
        loaded_at=body.get("loaded_at"),
        load_error=_load_error(body.get("load_error")),
    )


def _column(column: dict[str, Any]) -> Column:
    name, shape = column["name"], column.get("shape")
    return Column(
        name="" if name is None else str(name),
        type=str(column["type"]),
        required=column.get("required", True),
        shape=None if shape is None else tuple(shape),
        named=name is not None,
    )


def _example(inputs: tuple[Column, ...], row: dict[str, Any]) -> dict[str, Any]:
    return {
        column.name: from_json(column, row[column.name]) for column in inputs if column.name in row
    }


def _load_error(fault: dict[str, Any] | None) -> LoadError | None:
    if not fault:
        return None
    version = fault.get("version")
    return LoadError(
        None if version is None else str(version),
        str(fault.get("reason") or ""),
        str(fault.get("state") or ("unreachable" if version is None else "failed")),
    )
