"""Why a model of another client is not served: both versions, and what to do.

The models fail as real ones do that scikit-learn 1.5 and 1.6 saved: what they were saved with is no
longer there when they are loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import mlflow
import pytest
import sklearn.compose._column_transformer as column_transformer
import yaml
from mlflow.models import infer_signature
from model_server.errors import LoadError, RegistryError, in_short
from model_server.reasons import load_failure_reason, skops_advice
from models import EXAMPLE, linear
from sklearn import __version__ as sklearn_version
from sklearn.base import BaseEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

Save = Callable[..., Path]


class Passing(LinearRegression):
    """A model with a part that a test can take away."""


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Saves a model, then writes other versions into the files that describe it."""

    def run(
        model: BaseEstimator,
        scikit_learn: str = "1.5.2",
        python: str | None = None,
        mlflow_version: str = "2.22.0",
        requirements: str = "",
    ) -> Path:
        folder = tmp_path / "model"
        mlflow.sklearn.save_model(
            model,
            folder,
            serialization_format="pickle",
            signature=infer_signature(EXAMPLE, [1.0]),
            pip_requirements=["scikit-learn"],
        )
        described = yaml.safe_load((folder / "MLmodel").read_text())
        described["mlflow_version"] = mlflow_version
        described["flavors"]["sklearn"]["sklearn_version"] = scikit_learn
        if python:
            described["flavors"]["python_function"]["python_version"] = python
        (folder / "MLmodel").write_text(yaml.safe_dump(described))
        (folder / "requirements.txt").write_text(requirements)
        return folder

    return run


def reason(folder: Path) -> str:
    """What is said of a model that does not load, or loads and does not predict."""
    try:
        model = mlflow.pyfunc.load_model(str(folder))
        try:
            model.predict(EXAMPLE)
        except Exception as error:
            what = f"it cannot predict its input example: {in_short(error)}"
            raise LoadError(what) from error
    except Exception as error:
        return load_failure_reason(error, folder, "churn", "champion")
    raise AssertionError("the model is in order")


ADVICE = (
    f"; it was saved with scikit-learn 1.5.2, and this server has scikit-learn {sklearn_version}: "
    f"train and log it with scikit-learn {sklearn_version}, or build the server's image with "
    "scikit-learn 1.5.2"
)


def vanished_class(monkeypatch: pytest.MonkeyPatch, save: Save) -> Path:
    vanished = type("_RemainderColsList", (Passing,), {"__module__": column_transformer.__name__})
    monkeypatch.setattr(column_transformer, vanished.__name__, vanished, raising=False)
    return save(vanished().fit(EXAMPLE, [1, 2, 3]))


def vanished_module(monkeypatch: pytest.MonkeyPatch, save: Save) -> Path:
    module = ModuleType("_loss")
    module.Loss = type("Loss", (Passing,), {"__module__": "_loss"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "_loss", module)
    return save(module.Loss().fit(EXAMPLE, [1, 2, 3]))


def vanished_attribute(monkeypatch: pytest.MonkeyPatch, save: Save) -> Path:
    model = make_pipeline(SimpleImputer(), LinearRegression()).fit(EXAMPLE, [1, 2, 3])
    del model[0]._fill_dtype
    return save(model)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (
            vanished_class,
            "it cannot be loaded: AttributeError: Can't get attribute '_RemainderColsList' on "
            "<module 'sklearn.compose._column_transformer'>",
        ),
        (
            vanished_module,
            "it cannot be loaded: ModuleNotFoundError: No module named '_loss'",
        ),
        (
            vanished_attribute,
            "it cannot predict its input example: AttributeError: 'SimpleImputer' object has no "
            "attribute '_fill_dtype'",
        ),
    ],
)
def test_the_reason_names_both_versions_of_scikit_learn(
    make: Callable[[pytest.MonkeyPatch, Save], Path],
    what: str,
    save: Save,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        folder = make(patch, save)
    assert reason(folder) == what + ADVICE


def test_the_same_failure_with_equal_versions_blames_no_version(save: Save) -> None:
    with pytest.MonkeyPatch.context() as patch:
        folder = vanished_class(patch, lambda model: save(model, scikit_learn=sklearn_version))
    assert reason(folder).endswith("on <module 'sklearn.compose._column_transformer'>")


def test_every_version_that_matters_is_named(save: Save) -> None:
    folder = save(
        linear(),
        scikit_learn=sklearn_version,
        python="3.13.1",
        mlflow_version="99.1.0",
        requirements="--index-url x\nnumpy==1.26.4\npandas>=1\nscipy==1.0\n# a comment\n",
    )
    (folder / "model.pkl").write_bytes(b"not a pickle")
    said = reason(folder)
    assert "it was saved with Python 3.13.1 and numpy 1.26.4 and MLflow 99.1.0, and " in said
    assert "scikit-learn" not in said
    assert "pandas" not in said


def test_a_value_that_the_model_refuses_blames_no_version(save: Save) -> None:
    model = make_pipeline(SimpleImputer(), LinearRegression()).fit(EXAMPLE.iloc[:, :2], [1, 2, 3])
    said = reason(save(model))
    assert said.startswith("it cannot predict its input example: ValueError: ")
    assert "1.5.2" not in said


def test_a_missing_package_is_named_with_its_version(save: Save) -> None:
    with pytest.MonkeyPatch.context() as patch:
        module = ModuleType("boosting")
        module.Model = type("Model", (Passing,), {"__module__": "boosting"})  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "boosting", module)
        folder = save(module.Model().fit(EXAMPLE, [1, 2, 3]), requirements="boosting==2.1.0")
    assert reason(folder) == (
        "it needs the Python module 'boosting' (boosting==2.1.0), which the model server does not "
        "have: build an image with it (`npm run images -- --model churn@champion`), or log a model "
        "that does without"
    )


def test_a_class_of_a_notebook_is_named(save: Save) -> None:
    with pytest.MonkeyPatch.context() as patch:
        mine = type("Mine", (Passing,), {"__module__": "__main__"})
        patch.setattr(sys.modules["__main__"], "Mine", mine, raising=False)
        folder = save(mine().fit(EXAMPLE, [1, 2, 3]))
    assert reason(folder).startswith("it needs 'Mine' of the notebook or script that logged it")


def test_what_was_said_already_stays_as_it_is(tmp_path: Path) -> None:
    assert load_failure_reason(LoadError("it has no signature"), tmp_path) == "it has no signature"
    away = RegistryError("model.skops: nothing arrived for 300 s")
    assert load_failure_reason(away) == f"the tracking server did not deliver it: {away}"


@pytest.mark.parametrize(
    "text", ["", "[]", "flavors: [1]", "flavors: {sklearn: 1}", "a: [", "\0", "[" * 9999]
)
def test_a_damaged_description_costs_only_the_advice(tmp_path: Path, text: str) -> None:
    (tmp_path / "MLmodel").write_text(text)
    assert load_failure_reason(ValueError("no"), tmp_path) == "it cannot be loaded: ValueError: no"


def test_skops_is_advised_with_an_mlflow_that_has_it() -> None:
    known = skops_advice("sklearn", "3.9.0")
    assert known == skops_advice("sklearn", None) == skops_advice("sklearn", "of my own")
    for old in ("2.22.0", "3.1.0", "3.8.1"):
        advice = skops_advice("sklearn", old)
        assert f"and MLflow 3.9 or later (MLflow {old}, which" in advice
        assert f"this server has {mlflow.__version__})" in advice
    assert "and MLflow 3.10 or later" in skops_advice("lightgbm", "3.9.0")
