"""Which models may be loaded without trusting everyone who can write to the registry."""

from __future__ import annotations

import importlib
import io
import json
import pickle
import subprocess
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import skops.io
from mlflow.models import Model, infer_signature
from model_server import trusted_types
from model_server.errors import LoadError
from model_server.loaded_model import LoadedModel
from model_server.loader import load_files
from model_server.registry import ModelVersion
from model_server.settings import read_settings
from model_server.trust import refuse_untrusted
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import (
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.gaussian_process import GaussianProcessRegressor, kernels
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, TweedieRegressor
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    RepeatedKFold,
    TunedThresholdClassifierCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    RadiusNeighborsClassifier,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

ROWS = pd.DataFrame(
    {
        "area": np.linspace(20, 200, 40),
        "rooms": np.tile([1.0, 2.0, 3.0, np.nan], 10),
        "city": pd.Categorical(["Bern", "Lyon"] * 20),
    }
)
NUMBERS = ROWS[["area"]]
PRICES = ROWS["area"] * 3 + 1
CHEAP = PRICES < 300
Schema = dict[str, Any]


def mlmodel(**changes: object) -> Model:
    pyfunc = {"loader_module": "mlflow.sklearn", "model_path": "model.skops", "code": None}
    sklearn = {"serialization_format": "skops", "code": None}
    flavors = {"python_function": pyfunc, "sklearn": sklearn}
    for key, value in changes.items():
        (sklearn if key == "serialization_format" else pyfunc)[key] = value
    return Model(flavors=flavors)


def check(folder: Path, model: object, change: Callable[[Schema], None] | None = None) -> None:
    """Save a model, change the description of its objects, and check the file."""
    data = skops.io.dumps(model)
    (folder / "model.skops").write_bytes(data if change is None else edited(data, change))
    refuse_untrusted(mlmodel(), folder)


def edited(data: bytes, change: Callable[[Schema], None]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                change(schema)
                content = json.dumps(schema).encode()
            new.writestr(name, content)
    return written.getvalue()


def nodes(schema: object, class_name: str) -> list[Schema]:
    """Where a file describes objects of a class."""
    inner = schema.values() if isinstance(schema, dict) else schema
    found = [schema] if isinstance(schema, dict) and schema.get("__class__") == class_name else []
    if isinstance(schema, dict | list):
        for value in inner:
            found += nodes(value, class_name)
    return found


def text(value: object) -> Schema:
    node = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
    return {**node, "content": json.dumps(value)}


def with_attribute(class_name: str, name: str, value: Schema) -> Callable[[Schema], None]:
    def change(schema: Schema) -> None:
        for node in nodes(schema, class_name):
            state = node["content"]
            if name not in state["content"]:
                state["key_types"]["content"].append(state["key_types"]["content"][0])
            state["content"][name] = value

    return change


def first_column(rows: pd.DataFrame) -> pd.Series:
    return rows.iloc[:, :1]


# --- ordinary scikit-learn


@pytest.mark.parametrize(
    ("model", "rows", "target"),
    [
        (RandomForestClassifier(3), NUMBERS, CHEAP),
        (HistGradientBoostingRegressor(max_iter=2), ROWS, PRICES),
        (make_pipeline(SimpleImputer(), Ridge()), ROWS[["rooms"]], PRICES),
        (make_pipeline(IterativeImputer(max_iter=1), Ridge()), ROWS[["area", "rooms"]], PRICES),
        (make_pipeline(KBinsDiscretizer(3), Ridge()), NUMBERS, PRICES),
        (make_pipeline(SplineTransformer(), Ridge()), NUMBERS, PRICES),
        (make_pipeline(SelectKBest(f_regression, k=1), Ridge()), NUMBERS, PRICES),
        (
            make_pipeline(
                make_column_transformer(
                    (OneHotEncoder(), make_column_selector(dtype_exclude=np.number)),
                    (StandardScaler(), make_column_selector(dtype_include=np.number)),
                ),
                SimpleImputer(),
                Ridge(),
            ),
            ROWS,
            PRICES,
        ),
        (
            RandomizedSearchCV(Ridge(), {"alpha": scipy.stats.loguniform(1, 9)}, n_iter=2, cv=2),
            NUMBERS,
            PRICES,
        ),
        (
            GridSearchCV(
                Ridge(),
                {"alpha": [1, 2]},
                scoring="neg_root_mean_squared_error",
                cv=RepeatedKFold(n_splits=2, n_repeats=1),
            ),
            NUMBERS,
            PRICES,
        ),
        (CalibratedClassifierCV(SVC(), cv=2), NUMBERS, CHEAP),
        (TunedThresholdClassifierCV(LogisticRegression(), cv=2), NUMBERS, CHEAP),
        (StackingClassifier([("a", SVC()), ("b", LogisticRegression())], cv=2), NUMBERS, CHEAP),
        (GaussianProcessRegressor(kernels.RBF() + kernels.WhiteKernel()), NUMBERS, PRICES),
        (KNeighborsRegressor(algorithm="ball_tree", metric="manhattan"), NUMBERS, PRICES),
        (MLPClassifier(max_iter=1), NUMBERS, CHEAP),
        (TweedieRegressor(power=1.5), NUMBERS, PRICES),
        (
            TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
            NUMBERS,
            PRICES,
        ),
        (
            make_pipeline(FunctionTransformer(partial(np.clip, a_min=0, a_max=1)), Ridge()),
            NUMBERS,
            PRICES,
        ),
        (make_pipeline(TfidfVectorizer(), LogisticRegression()), ROWS["city"], CHEAP),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseEstimator) else "",
)
@pytest.mark.filterwarnings("ignore")
def test_ordinary_scikit_learn_in_skops_format_is_trusted(
    tmp_path: Path, model: BaseEstimator, rows: pd.DataFrame, target: pd.Series
) -> None:
    check(tmp_path, model.fit(rows, target))


def test_every_trusted_name_is_where_it_is_defined() -> None:
    functions = trusted_types.FUNCTIONS
    classes = (
        trusted_types.OBJECTS
        | trusted_types.CLASSES
        | trusted_types.DICTS
        | trusted_types.TUPLES
        | trusted_types.SPARSE
    )
    for name in classes | functions:
        module, _, qualified = name.rpartition(".")
        found = getattr(importlib.import_module(module), qualified)
        assert f"{found.__module__}.{found.__qualname__}" == name
        assert isinstance(found, type) == (name in classes), name


def test_a_big_forest_is_checked_without_its_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    original = zipfile.ZipFile.read
    monkeypatch.setattr(
        zipfile.ZipFile,
        "read",
        lambda self, name, *rest: read.append(name) or original(self, name, *rest),
    )
    check(tmp_path, RandomForestClassifier(20).fit(NUMBERS, CHEAP))
    assert read == ["schema.json"]


# --- files that run code


def shell(folder: Path) -> tuple[Pipeline, pd.DataFrame]:
    """A model whose column name is a command that its first step runs."""
    rows = pd.DataFrame({f"touch {folder}/OWNED": [1.0, 2.0, 3.0]})
    step = FunctionTransformer(subprocess.check_output, kw_args={"shell": True})
    return Pipeline([("step", step), ("model", LinearRegression().fit(rows, [1, 2, 3]))]), rows


def test_a_function_that_is_reachable_through_scikit_learn_never_runs(tmp_path: Path) -> None:
    model, rows = shell(tmp_path)

    def rename(schema: Schema) -> None:
        for node in nodes(schema, "check_output"):
            node["__module__"] = "sklearn.utils._testing"

    reason = (
        r"the function sklearn.utils._testing.check_output \(in step 'step' → func\).* replace it "
        'with .* or log it with serialization_format="cloudpickle" and, .* allowPickle: true'
    )
    with pytest.raises(LoadError, match=reason):
        check(tmp_path, model, rename)
    assert not (tmp_path / "OWNED").exists()

    # Without the check it would have run.
    loaded = skops.io.load(
        tmp_path / "model.skops", trusted=["sklearn.utils._testing.check_output"]
    )
    with pytest.raises(ValueError):  # noqa: PT011 - only afterwards
        loaded.predict(rows)
    assert (tmp_path / "OWNED").exists()


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [
        ("TypeNode", "subprocess", "Popen"),
        ("TypeNode", "sklearn.utils._testing", "check_output"),
        ("FunctionNode", "numpy", "load"),
        ("FunctionNode", "sklearn.datasets._base", "load_files"),
        ("FunctionNode", "sklearn.linear_model._base", "LinearRegression"),
        ("ListNode", "sklearn.linear_model._base", "LinearRegression"),
        ("ListNode", "subprocess", "Popen"),
        ("ObjectNode", "sklearn.utils._testing", "check_output"),
        ("ConstructorFromReduceNode", "sklearn.pipeline", "Pipeline"),
    ],
)
def test_a_name_is_trusted_only_for_what_skops_makes_of_it(
    tmp_path: Path, loader: str, module: str, name: str
) -> None:
    def rename(schema: Schema) -> None:
        for node in nodes(schema, "check_output"):
            content = text(None) if loader.startswith(("Object", "Constructor")) else []
            node.update(__loader__=loader, __module__=module, __class__=name, content=content)

    with pytest.raises(LoadError, match=f"{module}.{name}"):
        check(tmp_path, shell(tmp_path)[0], rename)


def test_a_function_behind_an_older_protocol_is_refused(tmp_path: Path) -> None:
    def age(schema: Schema) -> None:
        schema["protocol"] = 0
        for node in nodes(schema, "check_output"):
            content = {"module_path": "subprocess", "function": "check_output"}
            node.update(__module__="numpy", __class__="absolute", content=content)

    with pytest.raises(LoadError, match=r"in step 'step' → func"):
        check(tmp_path, shell(tmp_path)[0], age)


def test_only_plain_functions_are_called(tmp_path: Path) -> None:
    fitted = LinearRegression().fit(NUMBERS, PRICES)
    for function in (first_column, fitted.fit, partial(str, "x"), partial(np.load, "x")):
        step = FunctionTransformer(function)
        with pytest.raises(LoadError, match=r"holds the function .* \(in step 'step' → func"):
            check(tmp_path, Pipeline([("step", step), ("model", fitted)]))


@pytest.fixture(scope="module")
def search() -> RandomizedSearchCV:
    values = {"alpha": scipy.stats.loguniform(1, 9)}
    return RandomizedSearchCV(Ridge(), values, n_iter=1, cv=2).fit(NUMBERS, PRICES)


def test_source_text_in_a_distribution_never_runs(
    tmp_path: Path, search: RandomizedSearchCV
) -> None:
    source = f"open({str(tmp_path / 'OWNED')!r}, 'w')"

    def replace_state(schema: Schema) -> None:
        for node in nodes(schema, "reciprocal_gen"):
            node["content"] = text([["_parse_arg_template", source]])

    replace_text = with_attribute("reciprocal_gen", "_parse_arg_template", text(source))
    for change in (replace_text, replace_state):
        with pytest.raises(LoadError, match=r"reciprocal_gen .*param_distributions → alpha → dist"):
            check(tmp_path, search, change)
    assert not (tmp_path / "OWNED").exists()


@pytest.mark.parametrize(
    ("model", "attribute", "reason"),
    [
        (TfidfVectorizer(input="filename"), {}, "files that requests name: use input="),
        (TfidfVectorizer(input=np.str_("filename")), {}, "files that requests name: use input="),
        (Pipeline([("model", Ridge())], memory="cache"), {}, "set memory=None"),
        (StackingClassifier([]), {"stack_method_": ["fit"]}, "stack_method_ that is not the name"),
        (FixedThresholdClassifier(Ridge(), response_method="fit"), {}, "response_method that"),
        (Ridge(), {"predict": np.abs}, "Ridge replaces methods of its class"),
        (Ridge(), {"__array_interface__": {"data": [4096, False]}}, "Ridge is damaged"),
    ],
)
def test_attributes_that_reach_files_methods_or_memory_are_refused(
    tmp_path: Path, model: BaseEstimator, attribute: dict[str, object], reason: str
) -> None:
    vars(model).update(attribute)
    with pytest.raises(LoadError, match=reason):
        check(tmp_path, model)


def test_the_state_that_skops_takes_is_the_one_that_is_checked(tmp_path: Path) -> None:
    """Two states under one id: skops uses the first for both objects."""

    def share_id(schema: Schema) -> None:
        first, second = nodes(schema, "TfidfVectorizer")
        first["content"]["__id__"] = second["content"]["__id__"] = 1
        first["content"]["content"]["input"] = text("filename")
        first["__module__"], first["__class__"] = "builtins", "dict"
        first.update(first.pop("content"), __loader__="DictNode", __id__=1)

    with pytest.raises(LoadError, match="use input="):
        check(tmp_path, [TfidfVectorizer(), TfidfVectorizer()], share_id)


def test_of_two_descriptions_in_a_file_the_one_in_use_is_checked(tmp_path: Path) -> None:
    model, _ = shell(tmp_path)
    check(tmp_path, LinearRegression())
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as other:
        schema = other.read("schema.json")
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "model.skops", "a") as archive,
    ):
        archive.writestr("schema.json", schema)
    with pytest.raises(LoadError, match=r"the function subprocess\.check_output"):
        refuse_untrusted(mlmodel(), tmp_path)


@pytest.mark.parametrize("content", [b"", pickle.dumps(Ridge()), b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_not_skops_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(LoadError, match=r"its file model\.skops cannot be read"):
        refuse_untrusted(mlmodel(), tmp_path)


# --- what MLmodel says


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"loader_module": "mlflow.pytorch"},
            r"its flavor pytorch runs code when it loads model\.skops: convert it to ONNX .* or, "
            r"if every writer .* allowPickle: true .*\(in the stack setting models\)$",
        ),
        (
            {"serialization_format": "cloudpickle"},
            'model.skops, in cloudpickle format.*: log it with .*serialization_format="skops"',
        ),
        ({"serialization_format": ["skops"]}, "format, which runs code"),
        ({"code": "code"}, "its own Python files in code: log it without code_paths"),
        (
            {"predict_fn": "__init__"},
            "pyfunc_predict_fn is '__init__', which .*: use one of predict, ",
        ),
        ({"model_path": "inner/model.skops"}, "inner/model.skops is not next to its MLmodel"),
        ({"model_path": ".."}, "its file .. is not next to its MLmodel"),
        ({"model_path": "other.skops"}, "does not name its model file"),
        # MLflow would follow the MLmodel in that folder.
        ({"data": "inner"}, "does not name its model file"),
        ({"data": ".."}, "does not name its model file"),
    ],
)
def test_a_model_that_may_bring_code_is_refused(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    skops.io.dump(Ridge(), tmp_path / "model.skops")
    with pytest.raises(LoadError, match=reason):
        refuse_untrusted(mlmodel(**changes), tmp_path)


def test_a_reason_that_quotes_the_model_is_one_line_of_bounded_length(tmp_path: Path) -> None:
    loader = "own\n2026-01-01 00:00:00 INFO serving version 99\x1b[2J" + "x" * 10_000
    with pytest.raises(LoadError, match=r"^its loader own 2026.*setting models\)$") as raised:
        refuse_untrusted(mlmodel(loader_module=loader), tmp_path)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 2000


def test_files_outside_the_model_are_not_read(tmp_path: Path) -> None:
    model = mlmodel()
    skops.io.dump(Ridge(), tmp_path / "model.skops")
    model.saved_input_example_info = {"artifact_path": "../key.json", "type": "dataframe"}
    with pytest.raises(LoadError, match=r"its file \.\./key\.json is not next to its MLmodel"):
        refuse_untrusted(model, tmp_path)
    (tmp_path / "input_example.json").symlink_to("/etc/hostname")
    with pytest.raises(LoadError, match="symbolic links"):
        refuse_untrusted(mlmodel(), tmp_path)


def save(folder: Path, model: BaseEstimator, rows: pd.DataFrame, requirement: str) -> Path:
    """What a user logs."""
    trusted = sorted(trusted_types.OBJECTS | {trusted_types.TREE})
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=infer_signature(rows),
        pip_requirements=[requirement],
        skops_trusted_types=trusted,
    )
    return folder


def load(files: Path) -> LoadedModel:
    """What the server does with it, in a child process first and then itself."""
    settings = read_settings({"MLFLOW_TRACKING_URI": "http://localhost", "MODEL_NAME": "model"})
    return load_files(settings, ModelVersion("model", "1", None, 0), files)


def test_a_module_named_in_the_requirements_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow imports it to compare versions."""
    model = LinearRegression().fit(NUMBERS, PRICES)
    files = save(tmp_path / "model", model, NUMBERS, "own_module")
    (tmp_path / "own_module.py").write_text(f"open({str(tmp_path / 'OWNED')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    load(files)
    assert not (tmp_path / "OWNED").exists()


# --- numbers in a model by which compiled code would write beyond an array


def beyond_columns(model: Pipeline) -> None:
    model[0]._n_features_outs = [50, -46]


def beyond_classes(model: Pipeline) -> None:
    model[1]._y = np.full_like(model[1]._y, 50)


def beyond_outputs(model: BaseEstimator) -> None:
    model.estimators_ = np.repeat(model.estimators_, 50, axis=1)


TWO_COLUMNS = pd.DataFrame({"lift": [0, 1] * 20, "garden": [1, 0] * 20})
NEAR = {"algorithm": "brute", "metric": "manhattan"}


@pytest.mark.parametrize(
    ("model", "rows", "craft", "reason"),
    [
        (
            make_pipeline(OneHotEncoder(sparse_output=False), GaussianNB()),
            TWO_COLUMNS,
            beyond_columns,
            "indices must be < 4",
        ),
        (
            make_pipeline(StandardScaler(), KNeighborsClassifier(**NEAR)),
            NUMBERS,
            beyond_classes,
            "labels of the neighbors",
        ),
        (
            make_pipeline(StandardScaler(), RadiusNeighborsClassifier(9, **NEAR)),
            NUMBERS,
            beyond_classes,
            "labels of the neighbors",
        ),
        (GradientBoostingClassifier(n_estimators=1), NUMBERS, beyond_outputs, "do not fit its"),
    ],
)
def test_what_compiled_code_would_write_beyond_an_array_is_refused(
    tmp_path: Path, model: BaseEstimator, rows: pd.DataFrame, craft: Callable, reason: str
) -> None:
    model.fit(rows, CHEAP)
    load(save(tmp_path / "fine", model, rows, "scikit-learn"))
    craft(model)
    crafted = save(tmp_path / "crafted", model, rows, "scikit-learn")
    with pytest.raises(LoadError, match=reason):
        load(crafted)


def test_a_metric_that_writes_as_much_as_a_row_holds_is_refused(tmp_path: Path) -> None:
    metric = {"metric": "mahalanobis", "metric_params": {"VI": np.eye(1)}}
    model = KNeighborsRegressor(algorithm="ball_tree", **metric).fit(NUMBERS, PRICES)
    with pytest.raises(LoadError, match=r"the type .*\.MahalanobisDistance64 \(in _tree"):
        check(tmp_path, model)
