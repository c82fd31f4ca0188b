"""Lists, objects and tensors as JSON: read, checked against their type, and an example of each."""

import json
import math
from dataclasses import dataclass
from typing import Any

from prediction_app.columns import BadValueError, Column


@dataclass(frozen=True)
class _Plain:
    wanted: str
    """In words."""
    types: tuple[type, ...]
    sample: object


@dataclass(frozen=True)
class _List:
    of: "_Kind"
    size: int = -1
    """-1 for any."""


@dataclass(frozen=True)
class _Map:
    of: "_Kind"


@dataclass(frozen=True)
class _Object:
    properties: dict[str, tuple["_Kind", bool]]
    """By name: the type, and whether it is required."""


_Kind = _Plain | _List | _Map | _Object
_ANY = _Plain("a value", (), None)
# MLflow's names of types and NumPy's, which are those of tensors, by how they begin.
_PLAIN = {
    "double": _Plain("a number", (int, float), 0.0),
    "float": _Plain("a number", (int, float), 0.0),
    "long": _Plain("a whole number", (int,), 0),
    "int": _Plain("a whole number", (int,), 0),
    "uint": _Plain("a whole number", (int,), 0),
    "bool": _Plain("true or false", (bool,), False),
    "str": _Plain("text", (str,), "text"),
    "datetime": _Plain("a date as text", (str,), "2026-01-31T00:00:00"),
    "binary": _Plain("Base64 text", (str,), ""),
}
_WIDTH = 60
_SHOWN = 40


def read_json(column: Column, text: str) -> object:
    """The value that a JSON text holds; BadValueError says where it does not fit the column."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        _check(_kind(column), value, "")
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno}, column {fault.colno}"
        raise BadValueError(f"is not JSON: {fault.msg} at {where}") from None
    except RecursionError:
        raise BadValueError("is nested too deeply") from None
    return value


def sample(column: Column) -> object:
    """A value of this type, of zeros and the like."""
    return _sample(_kind(column))


def pretty(value: object, indent: str = "") -> str:
    """JSON for people: on one line what fits there, and every list of plain values."""
    short = json.dumps(value, ensure_ascii=False)
    deeper = f"{indent}  "
    if len(short) <= _WIDTH:
        return short
    if isinstance(value, dict):
        lines = [f"{json.dumps(name)}: {pretty(item, deeper)}" for name, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, list | dict) for item in value):
        lines = [pretty(item, deeper) for item in value]
    else:
        return short
    between = f",\n{deeper}"
    return f"{short[0]}\n{deeper}{between.join(lines)}\n{indent}{short[-1]}"


def size_of(column: Column) -> int:
    """How many values a tensor has, with one where the size is left open."""
    return math.prod(abs(size) for size in column.shape or ())


def _refuse(word: str) -> None:
    raise BadValueError(f"holds {word}, which is not a number in JSON")


def _kind(column: Column) -> _Kind:
    if column.shape is None:
        return _of(column.schema or {"type": column.type})
    kind: _Kind = _plain(column.type.removeprefix("tensor(").removesuffix(")"))
    for size in reversed(column.shape):
        kind = _List(kind, size)
    return kind


def _of(schema: dict[str, Any]) -> _Kind:
    """Of MLflow's description of a type; one that is not known takes any value."""
    match schema:
        case {"type": "array", "items": items}:
            return _List(_of(items))
        case {"type": "map", "values": values}:
            return _Map(_of(values))
        case {"type": "object", "properties": properties}:
            return _Object(
                {name: (_of(one), one.get("required", True)) for name, one in properties.items()}
            )
        case {"type": str(name)}:
            return _plain(name)
    return _ANY


def _plain(name: str) -> _Plain:
    return next((kind for start, kind in _PLAIN.items() if name.startswith(start)), _ANY)


def _check(kind: _Kind, value: Any, where: str) -> None:  # noqa: ANN401
    match kind:
        case _List(of, size):
            _expect(isinstance(value, list), "a list", where, value)
            if size not in (-1, len(value)):
                raise BadValueError(f"needs a list of {size}{_at(where)}, not one of {len(value)}")
            for place, item in enumerate(value):
                _check(of, item, f"{where}[{place}]")
        case _Map(of):
            _expect(isinstance(value, dict), "an object", where, value)
            for name, item in value.items():
                _check(of, item, f"{where}.{name}")
        case _Object(properties):
            _expect(isinstance(value, dict), "an object", where, value)
            _check_names(properties, value, where)
            for name, (of, _) in properties.items():
                if value.get(name) is not None:
                    _check(of, value[name], f"{where}.{name}")
        case _Plain(wanted, types):
            # type(), because True is an int to Python and none in JSON
            _expect(not types or type(value) in types, wanted, where, value)


def _check_names(
    properties: dict[str, tuple[_Kind, bool]], value: dict[str, Any], where: str
) -> None:
    for name, (_, required) in properties.items():
        if required and value.get(name) is None:
            raise BadValueError(f"lacks {name}{_at(where)}")
    for name in value:
        if name not in properties:
            raise BadValueError(f"has {name}{_at(where)}, which is none of {', '.join(properties)}")


def _expect(fits: bool, wanted: str, where: str, value: object) -> None:
    if not fits:
        shown = json.dumps(value, ensure_ascii=False)
        shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
        raise BadValueError(f"needs {wanted}{_at(where)}, not {shown}")


def _at(where: str) -> str:
    return f" at {where.removeprefix('.')}" if where else ""


def _sample(kind: _Kind) -> object:
    match kind:
        case _List(of, size):
            return [_sample(of)] * abs(size)
        case _Map(of):
            return {"name": _sample(of)}
        case _Object(properties):
            return {name: _sample(of) for name, (of, _) in properties.items()}
        case _Plain():
            return kind.sample
