"""A model of any library is logged so that MLflow gives back what predicted here."""

from collections.abc import Callable
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from candidates import candidates
from data import TARGET, load_data
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from training.flavors import flavor_of, requirements

from training import Settings, TrainingError, baseline, input_example, log_and_register, log_run

DATA = load_data()
HIGH = (DATA.y_train > 140).map({True: "high", False: "low"}).rename("risk")


class Doubled(mlflow.pyfunc.PythonModel):
    def predict(self, context: object, model_input: pd.DataFrame) -> np.ndarray:
        return model_input["bmi"].to_numpy() * 2


def library(name: str) -> Any:  # noqa: ANN401
    return pytest.importorskip(name, reason=f"{name} is not in this environment")


def onnx_sum() -> object:
    """The sum of all columns, as a graph."""
    onnx = library("onnx")
    library("onnxruntime")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["rows", "axes"], ["sum"], keepdims=1)],
        "sum",
        [helper.make_tensor_value_info("rows", number, [None, 10])],
        [helper.make_tensor_value_info("sum", number, [None, 1])],
        [helper.make_tensor("axes", onnx.TensorProto.INT64, [1], [1])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


MODELS: dict[str, tuple[Callable[[], Any], str]] = {
    "scikit-learn": (lambda: Ridge().fit(DATA.x_train, DATA.y_train), "model.skops"),
    "a classifier": (
        lambda: make_pipeline(LogisticRegression(max_iter=5000)).fit(DATA.x_train, HIGH),
        "model.skops",
    ),
    "XGBoost": (
        lambda: library("xgboost").XGBRegressor(n_estimators=5).fit(DATA.x_train, DATA.y_train),
        "model.ubj",
    ),
    "a booster of XGBoost": (
        lambda: library("xgboost").train(
            {}, library("xgboost").DMatrix(DATA.x_train, DATA.y_train), 5
        ),
        "model.ubj",
    ),
    "LightGBM": (
        lambda: (
            library("lightgbm")
            .LGBMRegressor(n_estimators=5, verbose=-1)
            .fit(DATA.x_train, DATA.y_train)
        ),
        "model.skops",
    ),
    "a booster of LightGBM": (
        lambda: library("lightgbm").train(
            {"verbose": -1}, library("lightgbm").Dataset(DATA.x_train, DATA.y_train), 5
        ),
        "model.lgb",
    ),
    "ONNX": (onnx_sum, "model.onnx"),
    "a Python model": (Doubled, "python_model.pkl"),
}


@pytest.mark.parametrize("kind", list(MODELS))
def test_what_is_registered_predicts_as_the_model_in_memory(kind: str, settings: Settings) -> None:
    make, file = MODELS[kind]
    model = make()
    version = log_and_register(model, DATA.x_train, metrics={"cv_rmse": 1.0})
    assert version is not None

    uri = f"models:/{settings.model_name}/{version.version}"
    folder = Path(mlflow.artifacts.download_artifacts(uri))
    assert (folder / file).is_file()
    loaded = mlflow.pyfunc.load_model(str(folder))
    expected = {
        "ONNX": lambda: DATA.x_test.sum(axis=1),
        "a Python model": lambda: DATA.x_test["bmi"] * 2,
        "a booster of XGBoost": lambda: model.predict(library("xgboost").DMatrix(DATA.x_test)),
    }.get(kind, lambda: model.predict(DATA.x_test))()
    predicted = np.asarray(loaded.predict(DATA.x_test)).ravel()
    if predicted.dtype.kind == "f":
        assert predicted == pytest.approx(np.asarray(expected), rel=1e-6)
    else:
        assert list(predicted) == list(expected)

    types = {column.name: column.type.name for column in loaded.metadata.get_input_schema()}
    assert (types["age"], types["bmi"], len(types)) == ("long", "double", 10)
    assert loaded.metadata.get_output_schema() is not None
    assert loaded.input_example.equals(input_example(DATA.x_train))
    known = loaded.metadata.metadata["baseline"]["features"]
    assert known["bmi"]["range"] == [DATA.x_train["bmi"].min(), DATA.x_train["bmi"].max()]
    assert f"pandas=={installed('pandas')}" in (folder / "requirements.txt").read_text()


@pytest.mark.parametrize("candidate", candidates(), ids=lambda candidate: candidate.name)
def test_the_example_s_models_load_without_pickle(candidate: Any, settings: Settings) -> None:  # noqa: ANN401
    model = candidate.build().fit(DATA.x_train, DATA.y_train)
    run = log_run(model, DATA.x_train, DATA.y_train, metrics={"cv_rmse": 1.0})

    folder = mlflow.artifacts.download_artifacts(f"runs:/{run.run_id}/model")
    files = {path.name for path in Path(folder).iterdir()}
    assert "model.skops" in files
    assert not {name for name in files if name.endswith(".pkl")}
    loaded = mlflow.pyfunc.load_model(folder)
    assert loaded.predict(DATA.x_test) == pytest.approx(model.predict(DATA.x_test))
    assert all(column.required for column in loaded.metadata.get_input_schema())
    assert [column.name for column in loaded.metadata.get_output_schema()] == [TARGET]
    assert loaded.metadata.metadata == baseline(DATA.x_train, model.predict(DATA.x_train))
    metrics = mlflow.get_logged_model(loaded.metadata.model_id).metrics
    assert [(metric.key, metric.value) for metric in metrics] == [("cv_rmse", 1.0)]


def test_a_text_model_needs_no_numbers(settings: Settings) -> None:
    texts = pd.DataFrame({"review": ["all is well", "all is bad", "very well", "very bad"]})
    words = make_column_transformer((CountVectorizer(), "review"))
    model = make_pipeline(words, LogisticRegression()).fit(texts, ["good", "bad"] * 2)
    run = log_run(model, texts, metrics={"cv_rmse": 0.0})
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.run_id}/model")
    assert list(loaded.predict(texts.head(2))) == ["good", "bad"]


def test_an_array_has_no_columns_to_watch(settings: Settings) -> None:
    rows = DATA.x_train.to_numpy()
    model = Ridge().fit(rows, DATA.y_train)
    run = log_run(model, rows, DATA.y_train, metrics={"cv_rmse": 0.0})
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.run_id}/model")
    assert loaded.metadata.metadata is None
    assert loaded.predict(rows) == pytest.approx(model.predict(rows))


def test_what_the_folder_s_lock_adds_is_among_the_model_s_requirements(settings: Settings) -> None:
    assert settings.folder is not None
    lock = (
        "holidays==0.80 \\\n    --hash=sha256:00\nnumpy==1.2.3 ; python_version > '3'\n# via x==1\n"
    )
    (settings.folder.path / "requirements.txt").write_text(lock)
    model = Ridge().fit(DATA.x_train, DATA.y_train)
    run = log_run(model, DATA.x_train, metrics={"cv_rmse": 1.0})
    folder = Path(mlflow.artifacts.download_artifacts(f"runs:/{run.run_id}/model"))
    needed = (folder / "requirements.txt").read_text().split()
    assert {"holidays==0.80", "numpy==1.2.3", f"mlflow=={installed('mlflow')}"} <= set(needed)
    assert len(needed) == len({line.partition("==")[0] for line in needed})


def test_a_flavor_with_another_name_than_its_library_needs_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "torch-2.9.1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.9.1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "torch==2.9.1" in requirements(flavor_of({}, mlflow.pytorch), None)


def test_a_metric_that_the_folder_declares_must_be_logged(settings: Settings) -> None:
    model = Ridge().fit(DATA.x_train, DATA.y_train)
    with pytest.raises(TrainingError, match="metrics lacks cv_rmse, by which"):
        log_run(model, DATA.x_train, metrics={"mse": 1.0})


def test_an_unknown_library_is_refused_with_the_fix(settings: Settings) -> None:
    with pytest.raises(TrainingError, match="no flavor of MLflow is known for a dict: give flavor"):
        log_run({}, DATA.x_train, metrics={"cv_rmse": 1.0})


def test_a_flavor_that_is_named_logs_the_model(settings: Settings) -> None:
    model = Ridge().fit(DATA.x_train, DATA.y_train)
    run = log_run(
        model,
        DATA.x_train,
        metrics={"cv_rmse": 1.0},
        flavor=mlflow.sklearn,
        serialization_format="cloudpickle",
    )
    folder = Path(mlflow.artifacts.download_artifacts(f"runs:/{run.run_id}/model"))
    assert (folder / "model.pkl").is_file()
