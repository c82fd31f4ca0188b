"""Sums of decision trees as ONNX graphs in double precision, as their libraries add them up; the
converters of skl2onnx and onnxmltools know single precision only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper
from skl2onnx.common._container import ModelComponentContainer
from skl2onnx.common._topology import Operator, Scope
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import BaseDecisionTree, DecisionTreeClassifier, DecisionTreeRegressor

OPERATOR, DOMAIN, VERSION = "TreeEnsemble", "ai.onnx.ml", 5
_OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid(DOMAIN, VERSION)]
_LESS_OR_EQUAL, _SUM, _AS_IT_IS = 0, 1, 0
# Objectives of LightGBM whose predictions are the sum itself.
_SUMS = {"regression", "regression_l1", "huber", "fair", "quantile", "mape"}


def convert_trees(scope: Scope, operator: Operator, container: ModelComponentContainer) -> None:
    """A converter of skl2onnx. Raises for a model that is more than a sum of trees."""
    model, (first, *others) = operator.raw_operator, operator.outputs
    trees, divisor, start = _of_scikit_learn(model)

    def name() -> str:
        return str(scope.get_unique_variable_name("value"))

    def constant(kind: int, values: Any) -> str:  # noqa: ANN401
        container.add_initializer(made := name(), kind, [len(values)], values)
        return made

    def add(kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:  # noqa: ANN401
        container.add_node(kind, list(inputs), [made := output or name()], **attributes)
        return made

    # scikit-learn compares in single precision, too
    single = add("Cast", operator.inputs[0].full_name, to=TensorProto.FLOAT)
    rows = add("Cast", single, to=TensorProto.DOUBLE)
    # skl2onnx supports no later version
    total = add(OPERATOR, rows, op_domain=DOMAIN, op_version=3, **trees.attributes())
    mean = add("Div", total, constant(TensorProto.DOUBLE, [divisor]))
    # of a classifier, the probabilities
    result = others[0] if others else first
    result = add("Add", mean, constant(TensorProto.DOUBLE, [start]), output=result.full_name)
    if others:
        place = add("ArgMax", result, axis=1, keepdims=0)
        kind = TensorProto.INT64 if model.classes_.dtype.kind in "iu" else TensorProto.STRING
        classes = constant(kind, model.classes_.tolist())
        add("Gather", classes, place, output=first.full_name)


TREES = dict.fromkeys(
    (
        DecisionTreeClassifier,
        DecisionTreeRegressor,
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        GradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    ),
    convert_trees,
)


def lightgbm_graph(model: lightgbm.LGBMRegressor, width: int) -> ModelProto:
    """The graph of a regression. Raises for a model that is more than a sum of trees."""
    document = model.booster_.dump_model()
    objective = document["objective"].partition(" ")[0]
    if objective not in _SUMS or document["average_output"] or document["num_class"] > 1:
        raise NotImplementedError(document["objective"])
    trees = _Trees()
    for tree in document["tree_info"]:
        trees.add(*_flat(tree["tree_structure"]))
    graph = helper.make_graph(
        [helper.make_node(OPERATOR, ["rows"], ["sum"], domain=DOMAIN, **trees.attributes())],
        "trees",
        [helper.make_tensor_value_info("rows", TensorProto.DOUBLE, [None, width])],
        [helper.make_tensor_value_info("sum", TensorProto.DOUBLE, [None, 1])],
    )
    return helper.make_model(graph, opset_imports=_OPSETS, ir_version=10)


class _Trees:
    """What ONNX's operator TreeEnsemble takes, which counts splits and leaves apart."""

    def __init__(self) -> None:
        self._roots: list[int] = []
        self._features: list[int] = []
        self._thresholds: list[float] = []
        self._below: list[tuple[int, int, int, int]] = []
        self._values: list[float] = []
        self._targets: list[int] = []

    def add(
        self,
        features: Sequence[int],
        thresholds: Sequence[float],
        left: Sequence[int],
        right: Sequence[int],
        values: Sequence[float],
        target: int = 0,
    ) -> None:
        """A tree by its nodes, the first of which is the root; leaves have -1 on their left.

        `target` counts the sums.
        """
        splits = [node for node, below in enumerate(left) if below >= 0]
        leaves = [node for node, below in enumerate(left) if below < 0]
        places = {node: len(self._thresholds) + place for place, node in enumerate(splits)}
        places |= {node: len(self._values) + place for place, node in enumerate(leaves)}
        self._roots.append(len(self._thresholds))
        for node in splits:
            self._features.append(int(features[node]))
            self._thresholds.append(float(thresholds[node]))
            yes, no = int(left[node]), int(right[node])
            self._below.append((places[yes], left[yes] < 0, places[no], left[no] < 0))
        if not splits:  # the operator begins with a split, so both ways lead to the one leaf
            self._features.append(0)
            self._thresholds.append(0.0)
            self._below.append((places[0], True, places[0], True))
        self._values.extend(float(values[node]) for node in leaves)
        self._targets.extend([target] * len(leaves))

    def attributes(self) -> dict[str, Any]:
        """The attributes of the operator."""
        yes, yes_is_leaf, no, no_is_leaf = map(list, zip(*self._below, strict=True))
        modes = np.full(len(self._thresholds), _LESS_OR_EQUAL, np.uint8)
        return {
            "n_targets": max(self._targets) + 1,
            "aggregate_function": _SUM,
            "post_transform": _AS_IT_IS,
            "tree_roots": self._roots,
            "nodes_featureids": self._features,
            "nodes_modes": numpy_helper.from_array(modes),
            "nodes_splits": numpy_helper.from_array(np.array(self._thresholds)),
            "nodes_truenodeids": yes,
            "nodes_trueleafs": [int(is_leaf) for is_leaf in yes_is_leaf],
            "nodes_falsenodeids": no,
            "nodes_falseleafs": [int(is_leaf) for is_leaf in no_is_leaf],
            "leaf_targetids": self._targets,
            "leaf_weights": numpy_helper.from_array(np.array(self._values)),
        }


def _of_scikit_learn(model: Any) -> tuple[_Trees, float, float]:  # noqa: ANN401
    """Its trees, what their sum is divided by, and what is added to that."""
    divisor, start, weight = 1.0, 0.0, 1.0
    if isinstance(model, GradientBoostingRegressor):
        members, weight = model.estimators_.ravel(), model.learning_rate
        if not isinstance(model.init_, DummyRegressor):
            raise NotImplementedError(model.init_)
        start = float(model.init_.constant_.item())
    elif isinstance(model, BaseDecisionTree):
        members = [model]
    else:
        members, divisor = model.estimators_, float(len(model.estimators_))
    trees = _Trees()
    for tree in (member.tree_ for member in members):
        if tree.n_outputs > 1:
            raise NotImplementedError("several outputs")
        nodes = tree.feature, tree.threshold, tree.children_left, tree.children_right
        # a number in each leaf, or a share of each class
        for target, values in enumerate(tree.value[:, 0].T):
            trees.add(*nodes, weight * values, target)
    return trees, divisor, start


def _flat(root: dict[str, Any]) -> tuple[list[Any], ...]:
    """The nodes of a tree of LightGBM, as `_Trees.add` takes them."""
    nodes = [root]
    rows = []
    for node in nodes:  # which grows on the way
        if "split_feature" not in node:
            rows.append((0, 0.0, -1, -1, node["leaf_value"]))
            continue
        if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
            raise NotImplementedError(node["decision_type"])
        rows.append((node["split_feature"], node["threshold"], len(nodes), len(nodes) + 1, 0.0))
        nodes += (node["left_child"], node["right_child"])
    return tuple(map(list, zip(*rows, strict=True)))
