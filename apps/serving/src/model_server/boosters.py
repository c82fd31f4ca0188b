"""Checks the models of XGBoost and LightGBM as they are in a file, before the libraries read them.

Neither format holds code. But both libraries trust numbers in it, and some decide where compiled
code writes: a tree that counts for an output which the model does not have adds its values beyond
the array of predictions. Decision 27 lists what was tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from model_server import ubjson


class FormatError(Exception):
    """The bytes are not in the format they claim; the text ends a sentence that names the file."""


def check_xgboost(data: bytes, *, text: bool) -> None:
    """Raise `FormatError` unless this is a valid XGBoost model, as JSON text or UBJSON."""
    kind = "JSON" if text else "UBJSON"
    try:
        model = json.loads(data, object_pairs_hook=_object) if text else ubjson.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is not {kind} ({error})") from error
    try:
        # A model inside of another file is kept together with its configuration.
        _check_learner(model.get("Model", model)["learner"])
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"is {kind}, but not a valid XGBoost model ({error!r})") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name appears twice")
    return made


def _check_learner(learner: dict[str, Any]) -> None:
    sizes = learner["learner_model_param"]
    features = int(sizes["num_feature"])
    outputs = max(int(sizes["num_class"]), int(sizes.get("num_target", 1)), 1)
    booster = learner["gradient_booster"]
    if booster["name"] == "gblinear":
        if len(booster["model"]["weights"]) != (features + 1) * outputs:
            raise ValueError("its weights do not match its features")
        return
    if booster["name"] == "dart":
        if len(booster["weight_drop"]) != len(booster["gbtree"]["model"]["trees"]):
            raise ValueError("its weights do not match its trees")
        booster = booster["gbtree"]
    model = booster["model"]
    if len(model["tree_info"]) != len(model["trees"]):
        raise ValueError("tree_info does not match the trees")
    _within("tree_info", model["tree_info"], 0, outputs)
    for tree in model["trees"]:
        _check_tree(tree, features, outputs)


def _check_tree(tree: dict[str, Any], features: int, outputs: int) -> None:
    nodes = len(tree["left_children"])
    _within("left_children", tree["left_children"], -1, nodes)
    _within("right_children", tree["right_children"], -1, nodes)
    leaf = _numbers(tree["left_children"]) < 0
    _within("split_indices", _numbers(tree["split_indices"])[~leaf], 0, features)
    if int(tree["tree_param"]["size_leaf_vector"]) not in (0, 1, outputs):
        raise ValueError("its leaves do not match its outputs")
    if len(tree.get("categories_nodes", ())):
        known = len(tree["categories"])
        starts, sizes = _numbers(tree["categories_segments"]), _numbers(tree["categories_sizes"])
        _within("categories_nodes", tree["categories_nodes"], 0, nodes)
        _within("categories_segments", starts, 0, known + 1)
        _within("categories_sizes", sizes, 0, known + 1)
        _within("categories", starts + sizes, 0, known + 1)
        _within("categories", tree["categories"], 0, 1 << 24)


def check_lightgbm(text: str) -> None:
    """Raise `FormatError` unless this is a valid LightGBM model."""
    if not text.startswith("tree\n"):
        raise FormatError("is not a LightGBM model, which is a text that begins with 'tree'")
    try:
        sections = _sections(text.splitlines())
        header = next(sections)
        outputs = int(header["num_class"])
        said = [word for word in header.get("objective", "").split() if "num_class:" in word]
        if int(header["num_tree_per_iteration"]) != outputs or outputs < 1:
            raise ValueError("num_tree_per_iteration differs from num_class")
        if said not in ([], [f"num_class:{outputs}"]):
            raise ValueError("its objective names another num_class")
        for tree in sections:
            _check_leaves(tree, int(header["max_feature_idx"]) + 1)
    except (AttributeError, KeyError, ValueError) as error:
        raise FormatError(f"is not a valid LightGBM model ({error!r})") from error


def _sections(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The header, then each tree, as the texts by name."""
    section: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition("=")
        if name in ("Tree", "end of trees"):
            yield section
            section = {}
        elif name in section and name:
            raise ValueError(f"{name} appears twice")
        section[name] = value
        if name == "end of trees":
            return
    raise ValueError("it ends too early")


def _check_leaves(tree: dict[str, str], features: int) -> None:
    leaves = int(tree["num_leaves"])
    if leaves <= 1:
        return
    for name in ("left_child", "right_child"):
        _within(name, tree[name].split(), -leaves, leaves - 1)
    _within("split_feature", tree["split_feature"].split(), 0, features)


def _numbers(values: Iterable[Any]) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind == "U":
        array = array.astype(np.int64)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError("whole numbers are required")
    return array.astype(np.int64)


def _within(name: str, values: Iterable[Any], least: int, end: int) -> None:
    numbers = _numbers(values)
    if numbers.size and not (least <= numbers.min() and numbers.max() < end):
        raise ValueError(f"{name} is out of range")
