"""Refuses model files that run code of their own when they are loaded.

MLflow's MLFLOW_ALLOW_PICKLE_DESERIALIZATION cannot be this switch: since 3.17 `false` refuses every
scikit-learn model, skops included, because the list of types that skops may create comes from the
model itself. So the list is checked here, against what a plain scikit-learn estimator needs.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from mlflow.models import Model

from model_server.errors import LoadError

_FIX = (
    'log it with mlflow.sklearn.log_model(..., serialization_format="skops"), '
    "or set MODEL_ALLOW_PICKLE=true if everybody who can write to the registry is trusted"
)


def refuse_untrusted(model: Model) -> None:
    """Raise a `LoadError` unless the model is a scikit-learn one in skops format, with nothing
    but scikit-learn's own types in it."""
    pyfunc = model.flavors.get("python_function", {})
    sklearn = model.flavors.get("sklearn", {})
    loader = pyfunc.get("loader_module")
    if loader != "mlflow.sklearn":
        raise LoadError(f"its loader {loader} may run code that comes with the model: {_FIX}")
    saved_as = sklearn.get("serialization_format", "pickle")
    if saved_as != "skops":
        raise LoadError(f"it is saved in {saved_as} format, which runs code when loaded: {_FIX}")
    if pyfunc.get("code") or sklearn.get("code"):
        raise LoadError(f"it brings Python files of its own (code_paths): {_FIX}")
    # A path into a sub-folder would make MLflow read that folder's MLmodel, not the checked one.
    for path in (pyfunc.get("model_path"), pyfunc.get("data")):
        if path is not None and PurePosixPath(path).name != path:
            raise LoadError(f"its file {path} is not beside its MLmodel: {_FIX}")
    for name in sklearn.get("skops_trusted_types") or []:
        if not str(name).startswith("sklearn."):
            raise LoadError(f"it holds the type {name}, which is not scikit-learn's: {_FIX}")
