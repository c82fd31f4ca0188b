"""Support-vector regression as an ONNX graph in double precision, which ONNX Runtime's own operator
does not support: in single precision its predictions differ by more than a millionth."""

from __future__ import annotations

from typing import Any

import numpy as np
from skl2onnx.algebra.onnx_ops import OnnxAdd, OnnxExp, OnnxMatMul, OnnxMul, OnnxReduceSumSquare
from skl2onnx.common._container import ModelComponentContainer
from skl2onnx.common._topology import Operator, Scope
from sklearn.svm import SVR


def convert_svr(scope: Scope, operator: Operator, container: ModelComponentContainer) -> None:
    """A converter of skl2onnx. Raises for kernels that it does not know."""
    model: SVR = operator.raw_operator
    vectors = model.support_vectors_
    options: dict[str, Any] = {"op_version": container.target_opset}
    rows = operator.inputs[0]
    products = OnnxMatMul(rows, np.ascontiguousarray(vectors.T), **options)
    if model.kernel == "rbf":
        # |x - v|² = |x|² - 2 x·v + |v|²
        squares = OnnxReduceSumSquare(rows, np.array([1], np.int64), keepdims=1, **options)
        twice = OnnxMul(products, np.array([-2.0]), **options)
        distances = OnnxAdd(
            OnnxAdd(twice, squares, **options), (vectors**2).sum(axis=1)[None], **options
        )
        similar = OnnxExp(OnnxMul(distances, np.array([-model._gamma]), **options), **options)
    elif model.kernel == "linear":
        similar = products
    else:
        raise NotImplementedError(model.kernel)
    sums = OnnxMatMul(similar, np.ascontiguousarray(model.dual_coef_.T), **options)
    OnnxAdd(sums, model.intercept_, output_names=operator.outputs[:1], **options).add_to(
        scope, container
    )


SUPPORT_VECTORS = {SVR: convert_svr}
