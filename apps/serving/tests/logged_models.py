"""Models of every library that the server knows, logged as their users do.

Each function logs one model and answers with rows, and with what the model itself predicts for
them. `log` holds what is the same for all: the name, and the requirements, which MLflow would take
half a minute to find out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import catboost
import lightgbm
import mlflow
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import statsmodels.formula.api as smf
import xgboost
from mlflow.models import infer_signature
from onnx import TensorProto, helper
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

Log = dict[str, Any]
FEATURES, TARGET = load_diabetes(return_X_y=True, as_frame=True)
FLOWERS, KINDS = load_iris(return_X_y=True, as_frame=True)
KIND_NAMES = np.array(["setosa", "versicolor", "virginica"])[KINDS]
SOME = FLOWERS.iloc[[0, 60, 120]]


class Logged(NamedTuple):
    """Rows and what the model predicts for them, asked directly."""

    rows: Any
    predictions: Any
    probabilities: Any = None
    classes: list[int] | None = None
    """What the probabilities are of, where `/model` tells something else."""


def flats() -> tuple[pd.DataFrame, np.ndarray]:
    """Columns of every plain type, with missing values where a model can do without."""
    rows = pd.DataFrame(
        {
            "city": ["Bern", "Lyon", "Graz"] * 20,
            "floor": np.arange(60, dtype=np.int32) % 7,
            "lift": [True, False] * 30,
            "area": np.where(np.arange(60) % 11 == 3, np.nan, np.linspace(20, 200, 60)),
        }
    )
    return rows, np.where(rows["area"].fillna(50) > 90, "dear", "cheap")


def with_categories() -> tuple[pd.DataFrame, np.ndarray]:
    rows, price = flats()
    return rows.astype({"city": "category"}), price


# scikit-learn


def sklearn_linear(log: Log) -> Logged:
    model = LinearRegression().fit(FEATURES, TARGET)
    mlflow.sklearn.log_model(model, input_example=FEATURES.head(2), **log)
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


def sklearn_pipeline(log: Log) -> Logged:
    rows, price = flats()
    encoded = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    model = make_pipeline(encoded, HistGradientBoostingClassifier(max_iter=5)).fit(rows, price)
    mlflow.sklearn.log_model(
        model,
        input_example=rows.head(5),
        **log,
    )
    return Logged(rows.head(9), model.predict(rows.head(9)), model.predict_proba(rows.head(9)))


def sklearn_categories(log: Log) -> Logged:
    rows, price = with_categories()
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype")
    model.fit(rows, price)
    mlflow.sklearn.log_model(
        model,
        signature=infer_signature(rows, model.predict(rows)),
        **log,
    )
    return Logged(rows.head(9), model.predict(rows.head(9)), model.predict_proba(rows.head(9)))


def sklearn_text(log: Log) -> Logged:
    texts = ["cheap pills", "free money", "see you at noon", "the report is ready"]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [1, 1, 0, 0])
    mlflow.sklearn.log_model(model, signature=infer_signature(texts, model.predict(texts)), **log)
    asked = ["free pills", "see the report"]
    return Logged(asked, model.predict(asked), model.predict_proba(asked))


def sklearn_outputs(log: Log) -> Logged:
    targets = pd.DataFrame({"one": TARGET, "half": TARGET / 2})
    model = RandomForestRegressor(5, random_state=0).fit(FEATURES, targets)
    mlflow.sklearn.log_model(
        model,
        input_example=FEATURES.head(2),
        **log,
    )
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


def sklearn_wide(log: Log) -> Logged:
    rows = pd.DataFrame(
        np.random.default_rng(0).normal(size=(50, 600)), columns=[f"x{i}" for i in range(600)]
    )
    model = Ridge().fit(rows, rows["x1"] * 2 + rows["x599"])
    mlflow.sklearn.log_model(model, input_example=rows.head(1), **log)
    return Logged(rows.head(3), model.predict(rows.head(3)))


def sklearn_unicode(log: Log) -> Logged:
    rows = FLOWERS.set_axis(["Länge", "寬度", "größe (cm)", "🌸 %"], axis=1)
    model = LogisticRegression(max_iter=500).fit(rows, KIND_NAMES)
    mlflow.sklearn.log_model(model, input_example=rows.head(2), **log)
    asked = rows.iloc[[0, 60, 120]]
    return Logged(asked, model.predict(asked), model.predict_proba(asked))


def sklearn_numbered(log: Log) -> Logged:
    rows = pd.DataFrame(FLOWERS.to_numpy())
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, KINDS)
    mlflow.sklearn.log_model(model, input_example=rows.head(2), **log)
    asked = rows.iloc[[0, 60, 120]]
    return Logged(asked, model.predict(asked), model.predict_proba(asked))


def sklearn_array(log: Log) -> Logged:
    model = LinearRegression().fit(FEATURES.to_numpy(), TARGET)
    asked = FEATURES.head(3).to_numpy()
    mlflow.sklearn.log_model(model, input_example=asked, **log)
    return Logged(asked, model.predict(asked))


def sklearn_probabilities(log: Log) -> Logged:
    model = LogisticRegression(max_iter=500).fit(FLOWERS, KIND_NAMES)
    mlflow.sklearn.log_model(
        model, input_example=FLOWERS.head(2), pyfunc_predict_fn="predict_proba", **log
    )
    return Logged(SOME, model.predict_proba(SOME), model.predict_proba(SOME))


def sklearn_with_xgboost(log: Log) -> Logged:
    model = make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_jobs=1, n_estimators=5))
    model.fit(FLOWERS, KINDS)
    mlflow.sklearn.log_model(
        model,
        input_example=FLOWERS.head(2),
        **log,
    )
    return Logged(SOME, model.predict(SOME), model.predict_proba(SOME))


def sklearn_with_lightgbm(log: Log) -> Logged:
    model = make_pipeline(
        StandardScaler(), lightgbm.LGBMRegressor(n_jobs=1, n_estimators=5, verbose=-1)
    )
    model.fit(FEATURES, TARGET)
    mlflow.sklearn.log_model(
        model,
        input_example=FEATURES.head(2),
        **log,
    )
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


def sklearn_votes_on_texts(log: Log) -> Logged:
    """The vectorizers are deep inside, and get the texts as well."""
    texts = pd.DataFrame({"text": ["cheap pills", "free money", "see you", "the report"] * 5})
    tfidf = make_pipeline(TfidfVectorizer(), LogisticRegression())
    calibrated = CalibratedClassifierCV(make_pipeline(CountVectorizer(), MultinomialNB()), cv=2)
    model = VotingClassifier([("a", tfidf), ("b", calibrated)], voting="soft")
    model.fit(texts["text"], ["spam", "spam", "no", "no"] * 5)
    # MLflow would predict with a frame, as no text model can
    mlflow.sklearn.log_model(model, signature=infer_signature(texts), **log)
    asked = pd.DataFrame({"text": ["free pills", "report"]})
    return Logged(asked, model.predict(asked["text"]), model.predict_proba(asked["text"]))


def sklearn_array_of_texts(log: Log) -> Logged:
    texts = np.array(["cheap pills", "free money", "see you at noon", "the report is ready"])
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 1, 0, 0])
    mlflow.sklearn.log_model(model, input_example=texts[:2], **log)
    asked = np.array(["free pills", "see the report"])
    return Logged(asked, model.predict(asked), model.predict_proba(asked))


def sklearn_of_lightgbm_categories(log: Log) -> Logged:
    """A pipeline whose only step takes categories."""
    rows, price = with_categories()
    model = make_pipeline(
        lightgbm.LGBMClassifier(n_jobs=1, n_estimators=5, min_child_samples=2, verbose=-1)
    ).fit(rows, price)
    mlflow.sklearn.log_model(model, signature=infer_signature(rows, model.predict(rows)), **log)
    return Logged(rows.head(9), model.predict(rows.head(9)), model.predict_proba(rows.head(9)))


def sklearn_dicts(log: Log) -> Logged:
    """Its vectorizer takes a dict for each row, without what is missing."""
    rows = pd.DataFrame({"city": ["Bern", "Lyon", None] * 2, "area": [20.0, None, 50.0] * 2})
    dicts = [{k: v for k, v in row.items() if v == v and v} for row in rows.to_dict("records")]
    model = make_pipeline(DictVectorizer(), Ridge()).fit(dicts, range(6))
    mlflow.sklearn.log_model(model, signature=infer_signature(rows), **log)
    return Logged(rows.head(3), model.predict(dicts[:3]))


def sklearn_labels(log: Log) -> Logged:
    """Several labels for each row."""
    labels = np.c_[KINDS > 0, KINDS > 1].astype(int)
    model = OneVsRestClassifier(LogisticRegression(max_iter=500)).fit(FLOWERS, labels)
    mlflow.sklearn.log_model(model, input_example=FLOWERS.head(2), **log)
    return Logged(SOME, model.predict(SOME), model.predict_proba(SOME))


def sklearn_whole_numbers(log: Log) -> Logged:
    rows = (FLOWERS.to_numpy() * 10).astype(np.int32)
    model = HistGradientBoostingClassifier(max_iter=5).fit(rows, KINDS)
    mlflow.sklearn.log_model(model, input_example=rows[:2], **log)
    return Logged(rows[::50], model.predict(rows[::50]), model.predict_proba(rows[::50]))


def _of_flowers(estimator: Any) -> Callable[[Log], Logged]:  # noqa: ANN401
    """Logs an estimator that is fitted to single-precision columns, under its own name."""

    def sklearn_estimator(log: Log) -> Logged:
        rows = FLOWERS.astype(np.float32)
        model = estimator.fit(rows, KINDS)
        mlflow.sklearn.log_model(model, input_example=rows.head(2), **log)
        asked = rows.iloc[[0, 60, 120]]
        known = hasattr(model, "predict_proba") and hasattr(model, "classes_")
        shares = model.predict_proba(asked) if known else None
        return Logged(asked, model.predict(asked), shares)

    sklearn_estimator.__name__ = f"sklearn_{type(estimator).__name__}"
    return sklearn_estimator


ESTIMATORS = tuple(
    map(
        _of_flowers,
        (
            VotingClassifier(
                [("a", LogisticRegression(max_iter=500)), ("b", DecisionTreeClassifier())]
            ),
            StackingClassifier([("a", LinearSVC()), ("b", GaussianNB())]),
            CalibratedClassifierCV(RandomForestClassifier(5), method="isotonic"),
            HistGradientBoostingRegressor(max_iter=5),
            GradientBoostingClassifier(n_estimators=3),
            AdaBoostClassifier(n_estimators=3),
            IsolationForest(n_estimators=5),
            KMeans(3, n_init=1),
            GaussianMixture(3),
            KNeighborsClassifier(),
            SVC(),
            MLPClassifier((5,), max_iter=20),
            GaussianProcessRegressor(),
            GridSearchCV(Ridge(), {"alpha": [1, 2]}),
            TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
        ),
    )
)


# XGBoost


def xgboost_regressor(log: Log) -> Logged:
    model = xgboost.XGBRegressor(n_jobs=1, n_estimators=10).fit(FEATURES, TARGET)
    mlflow.xgboost.log_model(model, input_example=FEATURES.head(2), **log)
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


def xgboost_classifier(log: Log) -> Logged:
    model = xgboost.XGBClassifier(n_jobs=1, n_estimators=5).fit(FLOWERS, KINDS)
    mlflow.xgboost.log_model(model, input_example=FLOWERS.head(2), model_format="json", **log)
    return Logged(SOME, model.predict(SOME), model.predict_proba(SOME))


def xgboost_booster(log: Log) -> Logged:
    params = {"objective": "binary:logistic", "booster": "dart", "nthread": 1, "rate_drop": 0.1}
    model = xgboost.train(params, xgboost.DMatrix(FEATURES, TARGET > 150), 5)
    mlflow.xgboost.log_model(model, input_example=FEATURES.head(2), **log)
    return Logged(FEATURES.head(3), model.predict(xgboost.DMatrix(FEATURES.head(3))))


def xgboost_categories(log: Log) -> Logged:
    rows, price = with_categories()
    model = xgboost.XGBClassifier(n_jobs=1, n_estimators=5, enable_categorical=True)
    model.fit(rows, price == "dear")
    mlflow.xgboost.log_model(model, signature=infer_signature(rows, model.predict(rows)), **log)
    return Logged(rows.head(9), model.predict(rows.head(9)), model.predict_proba(rows.head(9)))


def xgboost_outputs(log: Log) -> Logged:
    targets = pd.DataFrame({"one": TARGET, "half": TARGET / 2})
    model = xgboost.XGBRegressor(n_jobs=1, n_estimators=5, multi_strategy="multi_output_tree")
    model.fit(FEATURES, targets)
    mlflow.xgboost.log_model(model, input_example=FEATURES.head(2), **log)
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


def xgboost_labels(log: Log) -> Logged:
    """Three labels for each row, each with two classes."""
    labels = np.c_[KINDS > 0, KINDS > 1, KINDS < 1].astype(int)
    model = xgboost.XGBClassifier(n_jobs=1, n_estimators=3).fit(FLOWERS, labels)
    mlflow.xgboost.log_model(model, input_example=FLOWERS.head(2), **log)
    return Logged(SOME, model.predict(SOME), model.predict_proba(SOME), [0, 1, 2])


def xgboost_linear(log: Log) -> Logged:
    model = xgboost.XGBRegressor(n_jobs=1, booster="gblinear", n_estimators=5).fit(FEATURES, TARGET)
    mlflow.xgboost.log_model(model, input_example=FEATURES.head(2), **log)
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


# LightGBM


def lightgbm_booster(log: Log) -> Logged:
    params = {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}
    model = lightgbm.train(params, lightgbm.Dataset(FLOWERS, KINDS), 5)
    mlflow.lightgbm.log_model(model, input_example=FLOWERS.head(2), **log)
    return Logged(SOME, model.predict(SOME))


def lightgbm_classifier(log: Log) -> Logged:
    rows, price = with_categories()
    model = lightgbm.LGBMClassifier(n_jobs=1, n_estimators=5, min_child_samples=2, verbose=-1)
    model.fit(rows, price)
    mlflow.lightgbm.log_model(model, signature=infer_signature(rows, model.predict(rows)), **log)
    return Logged(rows.head(9), model.predict(rows.head(9)), model.predict_proba(rows.head(9)))


def lightgbm_categories(log: Log) -> Logged:
    rows, price = with_categories()
    data = lightgbm.Dataset(rows, price == "dear")
    params = {"objective": "binary", "min_data_in_leaf": 2, "verbose": -1, "num_threads": 1}
    model = lightgbm.train(params, data, 5)
    mlflow.lightgbm.log_model(model, signature=infer_signature(rows, model.predict(rows)), **log)
    return Logged(rows.head(9), model.predict(rows.head(9)))


def lightgbm_categories_of_numbers(log: Log) -> Logged:
    """A signature calls them numbers, so that they are sent as numbers."""
    rows, _ = flats()
    areas = rows["area"].fillna(50)
    rows = rows[["floor", "area", "lift", "city"]]
    kinds = {"floor": "category", "lift": "category", "city": "category"}
    model = lightgbm.LGBMRegressor(
        n_jobs=1, n_estimators=5, min_child_samples=2, min_data_per_group=1, verbose=-1
    ).fit(rows.astype(kinds), areas * (1 + rows["floor"] % 3) + 9 * rows["lift"])
    mlflow.lightgbm.log_model(model, signature=infer_signature(rows), **log)
    return Logged(rows.head(9), model.predict(rows.head(9).astype(kinds)))


# CatBoost


def catboost_classifier(log: Log) -> Logged:
    rows, price = with_categories()
    model = catboost.CatBoostClassifier(
        iterations=3, thread_count=1, verbose=0, allow_writing_files=False, cat_features=["city"]
    ).fit(rows, price)
    mlflow.catboost.log_model(model, signature=infer_signature(rows, model.predict(rows)), **log)
    return Logged(rows.head(9), model.predict(rows.head(9)), model.predict_proba(rows.head(9)))


def catboost_outputs(log: Log) -> Logged:
    targets = pd.DataFrame({"one": TARGET, "half": TARGET / 2})
    model = catboost.CatBoostRegressor(
        iterations=3,
        thread_count=1,
        verbose=0,
        allow_writing_files=False,
        loss_function="MultiRMSE",
    ).fit(FEATURES, targets)
    mlflow.catboost.log_model(model, input_example=FEATURES.head(2), **log)
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


# ONNX


def onnx_matrix(log: Log) -> Logged:
    """One input for all columns, and large enough for MLflow to keep its numbers in a file apart.

    The weights are those of a model of 4 columns, and 512 outputs.
    """
    weights = np.random.default_rng(0).normal(size=(4, 512)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "matrix",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 512])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    rows = SOME.to_numpy().astype(np.float32)
    mlflow.onnx.log_model(
        _checked(graph), signature=infer_signature(rows, {"y": rows @ weights}), **log
    )
    return Logged(rows, {"y": rows @ weights})


def onnx_classifier(log: Log) -> Logged:
    """A frame of one input, two outputs: as skl2onnx makes them of a classifier."""
    graph = _classifier(LogisticRegression(max_iter=500).fit(FLOWERS, KINDS))
    rows = SOME.to_numpy().astype(np.float32)
    mlflow.onnx.log_model(graph, signature=infer_signature(rows), **log)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    label, scores = session.run(None, {"x": rows})
    return Logged(rows, {"label": label, "scores": scores})


def _classifier(model: LogisticRegression) -> onnx.ModelProto:
    node = helper.make_node(
        "LinearClassifier",
        ["x"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        classlabels_ints=[0, 1, 2],
        coefficients=model.coef_.ravel().tolist(),
        intercepts=model.intercept_.tolist(),
        multi_class=1,
        post_transform="SOFTMAX",
    )
    graph = helper.make_graph(
        [node],
        "classifier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, 3]),
        ],
    )
    return _checked(graph)


def onnx_columns(log: Log) -> Logged:
    """One input for each column."""
    graph = helper.make_graph(
        [helper.make_node("Mul", ["height", "width"], ["area"])],
        "columns",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [None])
            for name in ("height", "width")
        ],
        [helper.make_tensor_value_info("area", TensorProto.FLOAT, [None])],
    )
    rows = pd.DataFrame({"width": [1.5, 2.5], "height": [2.0, 4.0]}).astype(np.float32)
    mlflow.onnx.log_model(_checked(graph), signature=infer_signature(rows), **log)
    return Logged(rows, [{"area": 3.0}, {"area": 10.0}])


def onnx_frame(log: Log) -> Logged:
    """A classifier for the columns of a frame: a label and a list of scores for each row."""
    model = LogisticRegression(max_iter=500).fit(FLOWERS, KINDS)
    graph = _classifier(model)
    mlflow.onnx.log_model(graph, signature=infer_signature(FLOWERS), **log)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    label, scores = session.run(None, {"x": SOME.to_numpy().astype(np.float32)})
    rows = zip(label.tolist(), scores.tolist(), strict=True)
    return Logged(SOME, [{"label": kind, "scores": shares} for kind, shares in rows])


def onnx_column_vectors(log: Log) -> Logged:
    """One input of a column each, as converters make them of a frame, and whole numbers for one."""
    shape = [None, 1]
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["sum"])],
        "sum",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("a", "b")],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, shape)],
    )
    rows = pd.DataFrame({"a": [1.5, 2.5], "b": [3, 4]})
    mlflow.onnx.log_model(_checked(graph), signature=infer_signature(rows), **log)
    return Logged(rows, [{"sum": 4.5}, {"sum": 6.5}])


def _checked(graph: onnx.GraphProto) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    return model


# Those that run code when they are loaded. `log` may say otherwise, as the advice asks.


def sklearn_pickle(log: Log) -> Logged:
    model = RandomForestRegressor(5, random_state=0).fit(FEATURES, TARGET)
    with_format = {"serialization_format": "cloudpickle", **log}
    mlflow.sklearn.log_model(model, input_example=FEATURES.head(2), **with_format)
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


def lightgbm_pickle(log: Log) -> Logged:
    model = lightgbm.LGBMRegressor(n_jobs=1, n_estimators=5, verbose=-1).fit(FEATURES, TARGET)
    with_format = {"serialization_format": "cloudpickle", **log}
    mlflow.lightgbm.log_model(model, input_example=FEATURES.head(2), **with_format)
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


def statsmodels_formula(log: Log) -> Logged:
    data = FEATURES.assign(target=TARGET)
    model = smf.ols("target ~ bmi + np.exp(bp)", data).fit()
    rows = FEATURES[["bmi", "bp"]]
    mlflow.statsmodels.log_model(model, input_example=rows.head(2), **log)
    return Logged(rows.head(3), model.predict(rows.head(3)))


class Scaled(mlflow.pyfunc.PythonModel):
    """Takes a list per row and a parameter."""

    def predict(
        self, context: object, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> list[float]:
        factor = (params or {}).get("factor", 1.0)
        return [sum(values) * factor for values in model_input["values"]]


class Wrapped(mlflow.pyfunc.PythonModel):
    """Calls an estimator."""

    def __init__(self, estimator: LinearRegression) -> None:
        self.estimator = estimator

    def predict(self, context: object, model_input: pd.DataFrame) -> np.ndarray:
        return self.estimator.predict(model_input)


def python_wrapped(log: Log) -> Logged:
    estimator = LinearRegression().fit(FEATURES, TARGET)
    mlflow.pyfunc.log_model(python_model=Wrapped(estimator), input_example=FEATURES.head(2), **log)
    return Logged(FEATURES.head(3), estimator.predict(FEATURES.head(3)))


def python_model(log: Log) -> Logged:
    rows = pd.DataFrame({"values": [[1.0, 2.0], [3.0]]})
    mlflow.pyfunc.log_model(python_model=Scaled(), input_example=(rows, {"factor": 2.0}), **log)
    return Logged(rows, [6.0, 6.0])


class Shout(mlflow.pyfunc.PythonModel):
    """Says by type hints what it takes."""

    def predict(self, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]


class Sums(mlflow.pyfunc.PythonModel):
    """Takes two tensors and answers with two."""

    def predict(self, context: object, model_input: dict[str, np.ndarray]) -> dict[str, Any]:
        return {"sums": model_input["a"].sum(axis=1), "doubles": model_input["b"] * 2}


def python_tensors(log: Log) -> Logged:
    rows = {"a": np.ones((2, 3), np.float32), "b": np.array([[1], [2]])}
    mlflow.pyfunc.log_model(python_model=Sums(), input_example=rows, **log)
    return Logged(rows, {"sums": [3.0, 3.0], "doubles": [[2], [4]]})


class Years(mlflow.pyfunc.PythonModel):
    """Takes dates and nested objects, and answers with a frame."""

    def predict(self, context: object, model_input: pd.DataFrame) -> pd.DataFrame:
        ages = [person["age"] for person in model_input["person"]]
        return pd.DataFrame({"year": model_input["day"].dt.year, "age": ages})


def python_dates(log: Log) -> Logged:
    days = pd.to_datetime(["2024-01-01T05:00", "2025-12-31T23:59"])
    rows = pd.DataFrame({"day": days, "person": [{"age": 3}, {"age": 4}]})
    mlflow.pyfunc.log_model(python_model=Years(), input_example=rows, **log)
    return Logged(rows, [{"year": 2024, "age": 3}, {"year": 2025, "age": 4}])


def python_hints(log: Log) -> Logged:
    mlflow.pyfunc.log_model(python_model=Shout(), input_example=["a"], **log)
    return Logged(["a", "ß"], ["A", "SS"])


def python_code(log: Log) -> Logged:
    """A model from code: MLflow stores this script and runs it."""
    rows = pd.DataFrame({"x": [1.0, 2.5]})
    script = Path(__file__).with_name("model_from_code.py")
    mlflow.pyfunc.log_model(python_model=script, input_example=rows, **log)
    return Logged(rows, [2.0, 5.0])


def sklearn_code(log: Log) -> Logged:
    """Brings along a module that it does not need."""
    model = LinearRegression().fit(FEATURES, TARGET)
    with_code = {"code_paths": [Path(__file__).with_name("needs_more.py")], **log}
    mlflow.sklearn.log_model(model, input_example=FEATURES.head(2), **with_code)
    return Logged(FEATURES.head(3), model.predict(FEATURES.head(3)))


# What the advice comes to, for those whose function takes no other `log`


def statsmodels_advised(log: Log) -> Logged:
    columns = make_column_transformer(
        (FunctionTransformer(np.exp), ["bp"]), remainder="passthrough"
    )
    rows = FEATURES[["bmi", "bp"]]
    model = make_pipeline(columns, LinearRegression()).fit(rows, TARGET)
    mlflow.sklearn.log_model(model, input_example=rows.head(2), **log)
    own = smf.ols("target ~ bmi + np.exp(bp)", FEATURES.assign(target=TARGET)).fit()
    return Logged(rows.head(3), own.predict(rows.head(3)))


DATA = (
    sklearn_linear,
    sklearn_pipeline,
    sklearn_categories,
    sklearn_text,
    sklearn_outputs,
    sklearn_wide,
    sklearn_unicode,
    sklearn_numbered,
    sklearn_array,
    sklearn_probabilities,
    sklearn_votes_on_texts,
    sklearn_array_of_texts,
    sklearn_of_lightgbm_categories,
    sklearn_dicts,
    sklearn_labels,
    sklearn_whole_numbers,
    *ESTIMATORS,
    sklearn_with_xgboost,
    sklearn_with_lightgbm,
    xgboost_regressor,
    xgboost_classifier,
    xgboost_booster,
    xgboost_categories,
    xgboost_outputs,
    xgboost_labels,
    xgboost_linear,
    lightgbm_booster,
    lightgbm_classifier,
    lightgbm_categories,
    lightgbm_categories_of_numbers,
    catboost_classifier,
    catboost_outputs,
    onnx_matrix,
    onnx_classifier,
    onnx_columns,
    onnx_frame,
    onnx_column_vectors,
)
"""Models that are data: served by default."""
CODE = (
    sklearn_pickle,
    lightgbm_pickle,
    statsmodels_formula,
    python_wrapped,
    python_model,
    python_hints,
    python_tensors,
    python_dates,
    python_code,
    sklearn_code,
)
"""Models that run code when they are loaded."""

ADVISED = {
    sklearn_pickle: (sklearn_pickle, {"serialization_format": "skops"}),
    lightgbm_pickle: (lightgbm_pickle, {"serialization_format": "skops"}),
    statsmodels_formula: (statsmodels_advised, {}),
    python_wrapped: (sklearn_linear, {}),
    sklearn_code: (sklearn_code, {"code_paths": None}),
}
"""The other way out of each refusal that has one for the model at hand: what to log, and how."""
