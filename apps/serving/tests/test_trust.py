"""Which models may be loaded without trusting everybody who can write to the registry."""

from __future__ import annotations

import pytest
from mlflow.models import Model
from model_server.errors import LoadError
from model_server.trust import refuse_untrusted


def skops_model(**changes: object) -> Model:
    pyfunc = {"loader_module": "mlflow.sklearn", "model_path": "model.skops", "code": None}
    sklearn = {
        "serialization_format": "skops",
        "code": None,
        "skops_trusted_types": ["sklearn.tree._tree.Tree"],
    }
    for flavor in (pyfunc, sklearn):
        flavor.update({key: value for key, value in changes.items() if key in flavor})
    extra = {"data": changes["data"]} if "data" in changes else {}
    return Model(flavors={"python_function": {**pyfunc, **extra}, "sklearn": sklearn})


def test_plain_scikit_learn_in_skops_format_is_trusted() -> None:
    refuse_untrusted(skops_model())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"loader_module": "mlflow.pyfunc.model"}, "its loader mlflow.pyfunc.model"),
        ({"serialization_format": "cloudpickle"}, "saved in cloudpickle format"),
        ({"code": "code"}, "Python files of its own"),
        ({"skops_trusted_types": ["os.system"]}, "the type os.system"),
        ({"model_path": "inner/model.skops"}, "inner/model.skops is not beside its MLmodel"),
        ({"data": "inner/model.skops"}, "inner/model.skops is not beside its MLmodel"),
    ],
)
def test_a_model_that_may_bring_code_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(LoadError, match=reason):
        refuse_untrusted(skops_model(**changes))
