"""Models as ONNX graphs, by the converters of their libraries and by our own.

Imported by the process that tries a version out, not by the server: the converters take 60 MiB.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from onnx import ModelProto
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import convert_sklearn
from skl2onnx.common import data_types
from sklearn.base import is_classifier

from model_server.support_vectors import SUPPORT_VECTORS
from model_server.tree_graphs import DOMAIN, OPERATOR, TREES, VERSION, lightgbm_graph


def graphs(model: Any, width: int) -> Iterator[bytes]:  # noqa: ANN401
    """In double precision and in single, as far as all parts of the model can be converted."""
    library = type(model).__module__.partition(".")[0]
    ways = {"lightgbm": (lightgbm_graph, _lightgbm), "xgboost": (_xgboost,)}
    for way in ways.get(library, (_in_double, _in_single)):
        with contextlib.suppress(Exception):
            yield way(model, width).SerializeToString()


def _in_double(model: Any, width: int) -> ModelProto:  # noqa: ANN401
    rows = [("rows", data_types.DoubleTensorType([None, width]))]
    graph = convert_sklearn(
        model,
        initial_types=rows,
        options={"zipmap": False} if is_classifier(model) else None,
        custom_conversion_functions={**SUPPORT_VECTORS, **TREES},
    )
    del graph.graph.output[1:]  # probabilities, declared in single precision
    if any(node.op_type == OPERATOR for node in graph.graph.node):
        for opset in graph.opset_import:
            if opset.domain == DOMAIN:
                opset.version = VERSION  # which skl2onnx does not know yet
    return graph


def _in_single(model: Any, width: int) -> ModelProto:  # noqa: ANN401
    rows = [("rows", data_types.FloatTensorType([None, width]))]
    return convert_sklearn(model, initial_types=rows)


def _lightgbm(model: Any, width: int) -> ModelProto:  # noqa: ANN401
    return convert_lightgbm(model, initial_types=[("rows", FloatTensorType([None, width]))])


def _xgboost(model: Any, width: int) -> ModelProto:  # noqa: ANN401
    nameless = deepcopy(model)
    nameless.get_booster().feature_names = None  # the converter takes none but its own
    return convert_xgboost(nameless, initial_types=[("rows", FloatTensorType([None, width]))])
