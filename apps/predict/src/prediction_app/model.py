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
    since: str | None = None


@dataclass(frozen=True)
class Model:
    name: str
    version: str
    alias: str
    run_id: str | None
    inputs: tuple[Column, ...]
    outputs: tuple[str, ...]
    """Names of what is predicted; none if the signature does not name each."""
    examples: tuple[dict[str, Any], ...]
    """Rows of the input example, the first one the most typical; None for what does not fit."""
    params: tuple[Column, ...] = ()
    """What may be sent with the rows."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """Of the params, by name."""
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Smallest and largest number of a column in training, where the model knows it."""
    classes: tuple[str, ...] = ()
    """What it tells probabilities of."""
    owner: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    # Every replica of the model server has its own; that makes it no other model.
    loaded_at: str | None = field(default=None, compare=False)
    load_error: LoadError | None = None

    @property
    def output(self) -> str:
        """Name of the one thing that is predicted."""
        return self.outputs[0] if len(self.outputs) == 1 else "prediction"

    @property
    def tabular(self) -> bool:
        """Whether rows of named columns go in."""
        return all(column.named and column.shape is None for column in self.inputs)


def parse_model(body: dict[str, Any]) -> Model:
    """Reads the answer of the model server; fields that are not there become empty."""
    signature = body.get("signature") or {}
    outputs = [column.get("name") for column in signature.get("outputs") or []]
    params = {_param(param): param.get("default") for param in signature.get("params") or []}
    example = body.get("input_example") or {}
    names = [str(name) for name in example.get("columns") or []]
    inputs = tuple(_column(column) for column in signature.get("inputs") or [])
    return Model(
        name=str(body["name"]),
        version=str(body["version"]),
        alias=str(body.get("alias") or ""),
        run_id=body.get("run_id"),
        inputs=inputs,
        outputs=() if None in outputs else tuple(map(str, outputs)),
        examples=tuple(
            _example(inputs, dict(zip(names, row, strict=False)))
            for row in example.get("data") or []
        ),
        params=tuple(params),
        defaults={param.name: from_json(param, value) for param, value in params.items()},
        ranges={
            str(name): (float(low), float(high))
            for name, (low, high) in (body.get("ranges") or {}).items()
        },
        classes=tuple(map(str, body.get("classes") or [])),
        owner=body.get("owner") or None,
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
        schema=column.get("schema"),
    )


def _param(param: dict[str, Any]) -> Column:
    kind, default = str(param["type"]).removeprefix("DataType."), param.get("default")
    if not isinstance(default, list):
        return Column(str(param["name"]), kind, required=default is not None)
    schema = {"type": "array", "items": {"type": kind}}
    return Column(str(param["name"]), f"Array({kind})", schema=schema)


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
        fault.get("at"),
    )
