"""Models of numbers answer plain requests in a quicker way, with the same predictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import lightgbm
import mlflow
import numpy as np
import pandas as pd
import pytest
import xgboost
from conftest import Serving
from local_models import load
from mlflow.models import infer_signature
from mlflow.types.schema import DataType
from model_server import compiled
from model_server.columns import Column
from model_server.loaded_model import LoadedModel
from model_server.quick_rows import QuickRows
from models import FEATURES, TARGET, Models
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

ROWS = QuickRows(
    [
        Column("x", DataType.double, required=True),
        Column("n", DataType.long, required=True),
        Column("f", DataType.float, required=True),
    ]
)
READ = {
    "split": (
        '{"dataframe_split": {"columns": ["x", "n", "f"], "data": [[1, 2, 0.1], [3.5, -4, 0]]}}'
    ),
    "records": '{"dataframe_records": [{"x": 1, "n": 2, "f": 0.1}, {"f": 0, "n": -4, "x": 3.5}]}',
}
LEFT = {
    "another order": '{"dataframe_split": {"columns": ["n", "x", "f"], "data": [[1, 2, 3]]}}',
    "a column more": '{"dataframe_records": [{"x": 1, "n": 2, "f": 3, "y": 4}]}',
    "a column less": '{"dataframe_records": [{"x": 1, "n": 2}]}',
    "a value less": '{"dataframe_split": {"columns": ["x", "n", "f"], "data": [[1, 2]]}}',
    "text": '{"dataframe_records": [{"x": "1", "n": 2, "f": 3}]}',
    "null": '{"dataframe_records": [{"x": null, "n": 2, "f": 3}]}',
    "true": '{"dataframe_records": [{"x": true, "n": 2, "f": 3}]}',
    "a fraction": '{"dataframe_records": [{"x": 1, "n": 2.0, "f": 3}]}',
    "no double": '{"dataframe_records": [{"x": 1, "n": 9007199254740993, "f": 3}]}',
    "beyond a float": '{"dataframe_records": [{"x": 1, "n": 2, "f": 1e39}]}',
    "NaN": '{"dataframe_records": [{"x": NaN, "n": 2, "f": 3}]}',
    "a key twice": '{"dataframe_records": [{"x": 1, "n": 2, "f": 3, "x": 4}]}',
    "a form twice": '{"dataframe_records": [], "dataframe_records": [{"x": 1, "n": 2, "f": 3}]}',
    "two forms": '{"dataframe_split": null, "dataframe_records": [{"x": 1, "n": 2, "f": 3}]}',
    "params": '{"dataframe_records": [{"x": 1, "n": 2, "f": 3}], "params": {}}',
    "no rows": '{"dataframe_records": []}',
    "nothing": "{}",
    "no JSON": '{"dataframe_records": [{"x": 1',
    "nested": "[" * 100_000,
}


@pytest.mark.parametrize("body", READ.values(), ids=READ)
def test_a_plain_body_is_read_as_a_matrix(body: str) -> None:
    rows = ROWS.read(body.encode())
    assert rows is not None
    assert rows.tolist() == [[1, 2, float(np.float32(0.1))], [3.5, -4, 0]]


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT)
def test_any_other_body_is_left_to_the_general_decoder(body: str) -> None:
    assert ROWS.read(body.encode()) is None


CLASSES = np.where(TARGET > 140, "high", "low")
NUMBERS = (TARGET > 140).astype(int)
GRAPHS: dict[str, tuple[BaseEstimator, Any]] = {
    "linear": (LinearRegression(), TARGET),
    "support vectors": (make_pipeline(StandardScaler(), SVR(C=100)), TARGET),
    "support vectors on a line": (SVR(kernel="linear"), TARGET),
    "forest": (RandomForestRegressor(20, random_state=0), TARGET),
    "scaled forest": (make_pipeline(StandardScaler(), ExtraTreesRegressor(20)), TARGET),
    "forest of classes": (RandomForestClassifier(20, random_state=0), CLASSES),
    "forest of numbered classes": (
        ExtraTreesClassifier(20, random_state=0),
        np.digitize(TARGET, [100, 200]),
    ),
    "tree of classes": (DecisionTreeClassifier(), CLASSES),
    "tree": (DecisionTreeRegressor(), TARGET),
    "boosted trees": (GradientBoostingRegressor(n_estimators=20), TARGET),
    "trees without a split": (
        GradientBoostingRegressor(n_estimators=2, max_depth=1, min_samples_leaf=0.5),
        TARGET,
    ),
    "text classes": (make_pipeline(StandardScaler(), LogisticRegression()), CLASSES),
    "number classes": (GradientBoostingClassifier(n_estimators=20), NUMBERS),
    "support vector classes": (SVC(), CLASSES),
    "xgboost": (xgboost.XGBRegressor(n_estimators=20), TARGET),
    "xgboost classes": (xgboost.XGBClassifier(n_estimators=20), NUMBERS),
    "lightgbm": (lightgbm.LGBMRegressor(n_estimators=20, verbose=-1), TARGET),
    "lightgbm classes": (lightgbm.LGBMClassifier(n_estimators=20, verbose=-1), NUMBERS),
}
ARRAYS: dict[str, tuple[BaseEstimator, Any]] = {
    "no converter": (HistGradientBoostingRegressor(max_iter=20), TARGET),
    "true and false": (GradientBoostingClassifier(n_estimators=20), TARGET > 140),
}


def saved(path: Path, model: BaseEstimator, target: object, rows: pd.DataFrame) -> LoadedModel:
    model.fit(rows, target)
    library = type(model).__module__.partition(".")[0]
    save = getattr(mlflow, library).save_model
    options = {"serialization_format": "cloudpickle"} if library == "sklearn" else {}
    signature = infer_signature(rows, model.predict(rows))
    save(model, path, signature=signature, input_example=rows[:2], pip_requirements=[], **options)
    return load(path)


def split(rows: pd.DataFrame) -> bytes:
    return json.dumps({"dataframe_split": rows.to_dict(orient="split", index=False)}).encode()


def general(model: LoadedModel, rows: pd.DataFrame) -> Any:  # noqa: ANN401
    """The answer of the general path, which reads CSV."""
    body = rows.to_csv(index=False).encode()
    return json.loads(model.answer("text/csv", body).body)["predictions"]


def assert_same(model: LoadedModel, rows: pd.DataFrame, answered: bytes) -> None:
    expected, found = general(model, rows), json.loads(answered)["predictions"]
    assert [type(one) for one in found] == [type(one) for one in expected]
    if isinstance(expected[0], float):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    else:
        assert found == expected


@pytest.mark.parametrize("case", GRAPHS.values(), ids=GRAPHS)
def test_a_graph_answers_at_once_what_the_model_predicts(
    case: tuple[BaseEstimator, Any], tmp_path: Path
) -> None:
    model = saved(tmp_path / "m", *case, FEATURES)
    rows = FEATURES[:16]
    answer = model.at_once(split(rows))
    assert answer is not None
    assert answer.rows == 16
    assert_same(model, rows, answer.body)
    assert model.at_once(split(FEATURES[:17])) is None, "many rows go to a thread"


@pytest.mark.parametrize("name", ["forest", "scaled forest", "tree", "lightgbm"])
def test_trees_are_summed_exactly(name: str, tmp_path: Path) -> None:
    model = saved(tmp_path / "m", *GRAPHS[name], FEATURES)
    answered = json.loads(model.answer("application/json", split(FEATURES)).body)["predictions"]
    assert answered == general(model, FEATURES)


@pytest.mark.parametrize("case", ARRAYS.values(), ids=ARRAYS)
def test_without_a_graph_the_model_gets_arrays_in_a_thread(
    case: tuple[BaseEstimator, Any], tmp_path: Path
) -> None:
    model = saved(tmp_path / "m", *case, FEATURES)
    assert model.at_once(split(FEATURES[:2])) is None
    assert (tmp_path / "m-compiled" / "arrays").exists()
    assert_same(model, FEATURES, model.answer("application/json", split(FEATURES)).body)


def test_a_graph_that_would_take_much_memory_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "MOST_BYTES", 10_000)
    model = saved(tmp_path / "m", RandomForestRegressor(20, random_state=0), TARGET, FEATURES)
    assert [path.name for path in (tmp_path / "m-compiled").iterdir()] == ["arrays"]
    assert model.at_once(split(FEATURES[:1])) is None


def test_a_graph_that_predicts_something_else_is_not_taken(tmp_path: Path) -> None:
    far = FEATURES + 1e7  # in single precision, which is all that the operator has, rows are equal
    model = saved(tmp_path / "m", make_pipeline(StandardScaler(), SVR(kernel="poly")), TARGET, far)
    assert model.at_once(split(far[:1])) is None
    answered = model.answer("application/json", split(far)).body
    assert json.loads(answered)["predictions"] == general(model, far)


def test_rows_are_counted_as_on_the_general_path(tmp_path: Path) -> None:
    model = saved(tmp_path / "m", LinearRegression(), TARGET, FEATURES)
    model.at_once(split(FEATURES[:3]))
    quickly, _ = model.observed.values.read()
    general(model, FEATURES[:3])
    both, _ = model.observed.values.read()
    assert both == [(bound, 2 * count) for bound, count in quickly]
    assert both[-1] == ("+Inf", 6)


def test_columns_are_counted_for_the_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = saved(tmp_path / "m", LinearRegression(), TARGET, FEATURES)
    seen: dict[str, np.ndarray] = {}
    drift = Mock(observe=lambda columns, rows: seen.update(columns) or rows)
    monkeypatch.setattr(model.observed, "drift", drift)
    model.at_once(split(FEATURES[:3]))
    pd.testing.assert_frame_equal(pd.DataFrame(seen), FEATURES[:3].reset_index(drop=True))


def test_a_served_version_is_compiled_and_what_it_refuses_has_its_reason(
    models: Models, start_server: Callable[..., Serving]
) -> None:
    models.promote(models.add(LinearRegression().fit(FEATURES, TARGET)))
    serving = start_server(models)
    serving.wait_for("1")
    assert "answers plain requests as an ONNX graph" in serving.server.log
    assert serving.predict(json.loads(split(FEATURES[:1]))).status_code == 200
    wrong = {"dataframe_split": {"columns": list(FEATURES), "data": [["old"] * 10]}}
    assert "a number is required" in serving.predict(wrong).json()["detail"]
