"""The model as the model server describes it in `GET /model`."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    """MLflow's word: double, float, long, integer, boolean, string, datetime or binary."""
    required: bool = True


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
    """Rows of the input example, the first one the most typical."""
    metrics: dict[str, float] = field(default_factory=dict)
    # Every replica of the model server has its own; that makes it no other model.
    loaded_at: str | None = field(default=None, compare=False)
    load_error: str | None = None
    """Why a newer version is not the one that answers, if so."""


def parse_model(body: dict[str, Any]) -> Model:
    """Reads the answer of the model server; fields that are not there become empty."""
    signature = body.get("signature") or {}
    outputs = [column.get("name") for column in signature.get("outputs") or []]
    example = body.get("input_example") or {}
    columns = example.get("columns") or []
    return Model(
        name=str(body["name"]),
        version=str(body["version"]),
        alias=str(body.get("alias") or ""),
        run_id=body.get("run_id"),
        inputs=tuple(
            Column(str(column["name"]), str(column["type"]), column.get("required", True))
            for column in signature.get("inputs") or []
        ),
        output=outputs[0] if len(outputs) == 1 and outputs[0] else "prediction",
        examples=tuple(dict(zip(columns, row, strict=False)) for row in example.get("data") or []),
        metrics=dict(body.get("metrics") or {}),
        loaded_at=body.get("loaded_at"),
        load_error=_load_error(body.get("load_error")),
    )


def _load_error(fault: dict[str, Any] | None) -> str | None:
    if not fault:
        return None
    return f"Version {fault.get('version')} could not be loaded: {fault.get('reason')}"
