"""Checks what a skops file holds. A name in it is imported only once it is known to be trusted.

skops describes a file as a tree of nodes, and creates the objects from the same tree. Every node
must be of a known kind, and its name one that is trusted for this kind: a name is not trusted for
a call because it is trusted as a type. Decision 16 lists what a file could do otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

from skops.io import _general, _numpy, _scipy, _sklearn
from skops.io._audit import Node, get_tree
from skops.io._utils import read_schema
from skops.io.old import _numpy_v1

from model_server.boosters import FormatError, check_lightgbm, check_xgboost
from model_server.errors import ALLOW_PICKLE, LoadError, in_short
from model_server.trusted_types import (
    BOOSTERS,
    CLASSES,
    DICTS,
    DISTRIBUTION_SOURCES,
    FUNCTIONS,
    OBJECTS,
    OBJECTS_WITH_TUPLES,
    SPARSE,
    TREE,
    TUPLES,
    XGBOOST,
)

_AS_PICKLE = f'or log it with serialization_format="cloudpickle" and, {ALLOW_PICKLE}'
_INSTEAD = {
    "catboost": "log the estimator of CatBoost by itself, with mlflow.catboost.log_model",
    "imblearn": (
        "log what predicts without what resamples, which is for training only, such as "
        "sklearn.pipeline.Pipeline([step for step in model.steps if not "
        'hasattr(step[1], "fit_resample")])'
    ),
}
_MAX_SCHEMA_BYTES = 512 * 2**20

# What a node of each kind may be, in addition to what skops trusts in it. Bound methods,
# functions of `operator` and constructor calls are missing on purpose, as are older nodes.
_KINDS: dict[type[Node], frozenset[str]] = {
    _general.BytearrayNode: frozenset(),
    _general.BytesNode: frozenset(),
    _general.DefaultDictNode: frozenset(),
    _general.DictNode: DICTS,
    _general.FunctionNode: FUNCTIONS,
    _general.JsonNode: frozenset(),
    _general.ListNode: frozenset(),
    _general.ObjectNode: OBJECTS,
    _general.PartialNode: frozenset({"functools.partial"}),
    _general.SetNode: frozenset(),
    _general.SliceNode: frozenset(),
    _general.TupleNode: TUPLES,
    _general.TypeNode: CLASSES,
    _numpy.DTypeNode: frozenset({"numpy.dtype"}),
    _numpy.MaskedArrayNode: frozenset(),
    _numpy.NdArrayNode: frozenset(),
    _numpy.RandomGeneratorNode: frozenset(),
    _numpy.RandomStateNode: frozenset(),
    _numpy_v1.RandomGeneratorNode: frozenset(),
    _scipy.SparseMatrixNode: SPARSE,
    _sklearn.LossNode: frozenset(),
    _sklearn.TreeNode: frozenset({TREE}),
}
_CALLED = (
    _general.FunctionNode,
    _general.MethodNode,
    _general.OperatorFuncNode,
    _general.PartialNode,
)


class _Attribute(NamedTuple):
    """The values that an attribute may have, and what is wrong with any other."""

    values: tuple[str | None, ...]
    fault: str


_METHOD = _Attribute(
    ("auto", "predict", "predict_proba", "predict_log_proba", "decision_function"),
    "is not the name of a method that predicts: use predict, predict_proba or decision_function",
)
_ATTRIBUTES = {
    "input": _Attribute(
        ("content",), 'reads the files that requests name: use input="content", the default'
    ),
    "memory": _Attribute(
        (None,), "reads pickles from a folder: set memory=None before you log the model"
    ),
    # scikit-learn calls whichever method has this name.
    "_response_method": _METHOD,
    "chain_method": _METHOD,
    "chain_method_": _METHOD,
    "response_method": _METHOD,
    "stack_method": _METHOD,
    "stack_method_": _METHOD,
}


def check_skops_file(file: Path) -> None:
    """Raise a `LoadError` that names the first thing in the file that could run code."""
    try:
        with ZipFile(file) as archive:
            for node, path in _walk(_read_tree(archive)):
                _check(node, path)
                _check_booster(node, path, archive)
    except LoadError:
        raise
    except Exception as error:
        raise LoadError(f"its file {file.name} cannot be read: {in_short(error)}") from error


class _Names:
    """In place of the zip file: the types in a file are checked without reading its arrays. The
    content of each file in it is said to be its name."""

    @staticmethod
    def read(name: str) -> bytes:
        return name.encode()


def _read_tree(archive: ZipFile) -> Node:
    """What skops is going to create. Nothing is created or imported yet."""
    if archive.getinfo("schema.json").file_size > _MAX_SCHEMA_BYTES:
        raise LoadError("its file describes more objects than a model has")
    schema, context = read_schema(archive)
    return get_tree(schema, replace(context, src=_Names()), trusted=None)


def _walk(root: Node) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Every node once, each with the names on the way to it."""
    seen = set()
    waiting: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node, path
            waiting.extend(reversed(list(_children(node, path))))


def _children(node: Node, path: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    for name, child in node.children.items():
        if isinstance(child, dict):  # only the content of a dictionary
            yield from ((value, (*path, str(key))) for key, value in child.items())
        elif isinstance(child, list):
            step = _step_name(node)
            inner = path if step is None else (*path[:-1], f"step {step!r}")
            yield from ((value, inner) for value in child)
        # The constructor is a constant of skops, or has the name of the node.
        elif isinstance(child, Node) and not (
            isinstance(node, _sklearn.ReduceNode) and name == "constructor"
        ):
            yield child, path


def _step_name(node: Node) -> str | None:
    """The name in a pair such as ("scaler", StandardScaler())."""
    if not isinstance(node, _general.TupleNode) or len(node.content) < 2:
        return None
    name, estimator = node.content[:2]
    if not isinstance(name, _general.JsonNode) or not isinstance(estimator, _general.ObjectNode):
        return None
    return json.loads(name.content)


def _check(node: Node, path: tuple[str, ...]) -> None:
    name = f"{node.module_name}.{node.class_name}"
    extra = _KINDS.get(type(node))
    trusted = extra is not None and (node.is_self_safe() or name in extra)
    if isinstance(node, _general.PartialNode):
        trusted = trusted and isinstance(node.func, _general.FunctionNode)
    if not trusted:
        raise LoadError(_not_trusted(node, name, path))
    if isinstance(node, _general.DictNode):
        _check_keys(node, name, path)
    if isinstance(node, _general.ObjectNode):
        _check_state(node, name, path)


def _not_trusted(node: Node, name: str, path: tuple[str, ...]) -> str:
    if isinstance(node, _CALLED):
        return (
            f"it holds the function {name}{_where(path)}, which this server does not call by "
            "default: replace it with a transformer of scikit-learn or a NumPy function such as "
            f"numpy.log1p, {_AS_PICKLE}"
        )
    way = _INSTEAD.get(name.partition(".")[0], "replace it with a scikit-learn estimator")
    return (
        f"it holds the type {name}{_where(path)}, which is not an ordinary one of scikit-learn: "
        f"{way}, {_AS_PICKLE}"
    )


def _where(path: Iterable[str]) -> str:
    return f" (in {' → '.join(path)})" if path else ""


def _check_booster(node: Node, path: tuple[str, ...], archive: ZipFile) -> None:
    """XGBoost and LightGBM read their own formats from these attributes."""
    name = f"{node.module_name}.{node.class_name}"
    if name not in BOOSTERS or not isinstance(node, _general.ObjectNode):
        return
    state = node.attrs.content if isinstance(node.attrs, _general.DictNode) else {}
    for key in ("handle", "_handle"):
        held = state.get(key)
        try:
            if isinstance(held, _general.BytearrayNode) and name == XGBOOST:
                content = archive.read(held.content.getvalue().decode())
                check_xgboost(content, text=False)
            elif isinstance(held, _general.JsonNode):
                value = json.loads(held.content)
                if value is not None:
                    check_lightgbm(value)
            elif held is not None:
                raise FormatError("is not stored as its library stores it")
        except FormatError as error:
            raise LoadError(f"its {name}{_where(path)} {error}: log it again") from error


def _check_keys(node: _general.DictNode, name: str, path: tuple[str, ...]) -> None:
    """skops calls the type of each key; NumPy reads memory at the address in an object's
    `__array_interface__`, which a Bunch takes from its keys."""
    kinds = node.key_types.content if isinstance(node.key_types, _general.ListNode) else [None]
    if not all(isinstance(kind, _general.TypeNode) for kind in kinds):
        raise LoadError(f"its {name}{_where(path)} is damaged: log it again")
    if "predict_disable_shape_check" in node.content:  # LightGBM would read beyond a short row
        raise LoadError(f"its {name}{_where(path)} has predict_disable_shape_check: remove it")
    if name in DICTS:
        _check_attributes(node, name, path)


def _check_state(node: _general.ObjectNode, name: str, path: tuple[str, ...]) -> None:
    """Attributes must come from a dictionary whose keys are strings: only there can they be checked
    by name."""
    state = node.attrs
    if state is None or (isinstance(state, _general.JsonNode) and state.content == "null"):
        return
    if isinstance(state, _general.TupleNode) and name in OBJECTS_WITH_TUPLES:
        return
    if not isinstance(state, _general.DictNode) or state.class_name != "dict":
        raise LoadError(f"its {name}{_where(path)} is damaged: log it again")
    _check_attributes(state, name, path)
    kind = getattr(import_module(node.module_name), node.class_name)  # a trusted name by now
    if any(callable(getattr(kind, key, None)) for key in state.content):
        raise LoadError(f"its {name}{_where(path)} replaces methods of its class: log it again")
    source = DISTRIBUTION_SOURCES.get(name)
    if source is not None and not _has_only(state.content["_parse_arg_template"], (source,)):
        raise LoadError(f"its {name}{_where(path)} brings its own source text: log it again")


def _check_attributes(state: _general.DictNode, name: str, path: tuple[str, ...]) -> None:
    texts = all(kind.class_name == "str" for kind in state.key_types.content)
    if not texts or any(key.startswith("__") for key in state.content if key != "__doc__"):
        raise LoadError(f"its {name}{_where(path)} is damaged: log it again")
    for key, rule in _ATTRIBUTES.items():
        if key in state.content and not _has_only(state.content[key], rule.values):
            raise LoadError(f"its {name}{_where(path)} has a {key} that {rule.fault}")


def _has_only(node: Node, values: tuple[str | None, ...]) -> bool:
    if isinstance(node, _general.ListNode | _general.TupleNode):
        return all(_has_only(item, values) for item in node.content)
    return isinstance(node, _general.JsonNode) and json.loads(node.content) in values
