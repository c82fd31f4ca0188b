"""Predictions over HTTP equal those of the model itself, in every form of MLflow's protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import mlflow
import models as samples
import numpy as np
import pandas as pd
import pytest
from conftest import Serving
from models import EXAMPLE, Models
from processes import Server, model_server

SPLIT = {"columns": list(EXAMPLE.columns), "data": EXAMPLE.to_numpy().tolist()}
RECORDS = EXAMPLE.to_dict(orient="records")


@pytest.fixture(scope="module")
def forest(
    tracking: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Serving, mlflow.pyfunc.PyFuncModel]]:
    """One server with a random forest for every test that only sends requests."""
    models = Models(tracking.url, "forest")
    version = models.promote(models.add(samples.forest()))
    server = model_server(tmp_path_factory.mktemp("forest"), tracking.url, "forest")
    server.start()
    serving = Serving(server)
    serving.wait_for(version)
    yield serving, mlflow.pyfunc.load_model(f"models:/forest/{version}")
    server.stop()


@pytest.fixture
def serving(forest: tuple[Serving, mlflow.pyfunc.PyFuncModel]) -> Serving:
    return forest[0]


@pytest.fixture
def expected(forest: tuple[Serving, mlflow.pyfunc.PyFuncModel]) -> list[float]:
    return forest[1].predict(EXAMPLE).tolist()


@pytest.mark.parametrize(
    "document",
    [
        {"dataframe_split": SPLIT},
        {"dataframe_split": {**SPLIT, "index": [7, 8, 9]}},
        {"dataframe_records": RECORDS},
        {"instances": RECORDS},
        {"inputs": RECORDS},
        {"inputs": EXAMPLE.to_dict(orient="list")},
        {"instances": EXAMPLE.to_dict(orient="list")},
        {"dataframe_records": [{**row, "extra": "ignored"} for row in RECORDS]},
        {"dataframe_records": [dict(reversed(row.items())) for row in RECORDS]},
        {"dataframe_split": SPLIT, "params": {"unknown": 1}},
    ],
    ids=[
        "split",
        "split with index",
        "records",
        "instances",
        "inputs records",
        "inputs columns",
        "instances columns",
        "extra column",
        "other order",
        "params",
    ],
)
def test_every_form_predicts_what_the_model_predicts(
    serving: Serving, expected: list[float], document: object
) -> None:
    response = serving.predict(document)
    assert response.status_code == 200, response.text
    assert response.json() == {"predictions": expected}
    assert response.headers["X-Model-Version"] == "1"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json; charset=utf-8", json.dumps({"dataframe_split": SPLIT})),
        ("application/json;charset=UTF-8", json.dumps({"dataframe_split": SPLIT})),
        ("text/csv", EXAMPLE.to_csv(index=False)),
        ("text/csv; charset=utf-8", EXAMPLE.to_csv(index=True)),
    ],
)
def test_content_types(
    serving: Serving, expected: list[float], content_type: str, body: str
) -> None:
    headers = {"Content-Type": content_type}
    response = serving.http.post("/invocations", content=body, headers=headers)
    assert response.status_code == 200, response.text
    assert response.json()["predictions"] == expected


def test_one_row_written_as_an_object(serving: Serving, expected: list[float]) -> None:
    assert serving.predict({"inputs": RECORDS[0]}).json() == {"predictions": expected[:1]}


def test_whole_numbers_are_welcome_in_double_columns(
    forest: tuple[Serving, mlflow.pyfunc.PyFuncModel],
) -> None:
    serving, model = forest
    row = dict.fromkeys(EXAMPLE.columns, 3)
    expected = model.predict(pd.DataFrame([row], dtype=float)).tolist()
    assert serving.predict({"dataframe_records": [row]}).json()["predictions"] == expected


def changed(**values: object) -> dict[str, object]:
    return {"dataframe_records": [RECORDS[0], {**RECORDS[1], **values}]}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (changed(bmi="high"), "Column 'bmi', row 2: a number is required, not \"high\"."),
        (changed(bmi=True), "Column 'bmi', row 2: a number is required, not true."),
        (
            changed(bmi=None),
            "Column 'bmi', row 2: a number is required, not null; if it may be missing, log the "
            "model with an input_example in which it is.",
        ),
        (changed(bmi=[1.5]), "Column 'bmi', row 2: a number is required, not [1.5]."),
        (
            {"dataframe_records": [{k: v for k, v in RECORDS[0].items() if k != "bmi"}]},
            "Missing column 'bmi'.",
        ),
        (
            {"dataframe_records": [{("BMI" if k == "bmi" else k): 1 for k in RECORDS[0]}]},
            "Missing column 'bmi'; the model does not know 'BMI'.",
        ),
        (
            {"dataframe_split": {"columns": ["age"], "data": [[1, 2]]}},
            "dataframe_split: row 1 has 2 values for 1 columns.",
        ),
        ({"dataframe_split": {**SPLIT, "data": []}}, "dataframe_split has no rows."),
        ({"instances": SPLIT["data"]}, "instances must be a list of objects"),
        ({"rows": []}, "The body must have exactly one of"),
        ({"inputs": RECORDS, "instances": RECORDS}, "it has instances, inputs."),
        ([1, 2], "The body must be a JSON object"),
    ],
)
def test_bad_data_is_answered_with_the_reason(
    serving: Serving, document: object, reason: str
) -> None:
    response = serving.predict(document)
    assert response.status_code == 400
    assert reason in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "The body is empty"),
        (b"{", "The body is not valid JSON: "),
        (b'{"inputs": "\xff"}', "The body is not valid UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"inputs": ' + b"9" * 5000 + b"}", "a number that cannot be read"),
    ],
    ids=["empty", "cut off", "not UTF-8", "deep", "long number"],
)
def test_a_broken_body_is_answered_with_the_reason(
    serving: Serving, body: bytes, reason: str
) -> None:
    response = serving.http.post(
        "/invocations", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 400
    assert reason in response.json()["detail"]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(serving: Serving, literal: str) -> None:
    text = json.dumps(changed(bmi=12345.5)).replace("12345.5", literal)
    headers = {"Content-Type": "application/json"}
    response = serving.http.post("/invocations", content=text, headers=headers)
    assert response.status_code == 400
    assert "Column 'bmi', row 2: a finite number is required" in response.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_content_types_get_415(serving: Serving, headers: dict[str, str]) -> None:
    body = json.dumps({"dataframe_split": SPLIT}).encode()
    response = serving.http.post("/invocations", content=body, headers=headers)
    assert response.status_code == 415
    assert response.json()["detail"].endswith(".")


def test_model_page_tells_what_a_form_needs(serving: Serving) -> None:
    page = serving.http.get("/model").json()
    assert page["name"] == "forest"
    assert page["version"] == "1"
    assert page["alias"] == "champion"
    assert page["run_id"]
    assert page["metrics"] == {"rmse": 54.5}
    assert page["load_error"] is None
    assert page["signature"]["inputs"] == [
        {"name": name, "type": "double", "required": True} for name in EXAMPLE.columns
    ]
    assert page["signature"]["outputs"] == [
        {"name": None, "type": "tensor(float64)", "required": True, "shape": [-1]}
    ]
    assert page["input_example"] == SPLIT


def test_metrics_count_by_version_and_route(serving: Serving) -> None:
    good = 'model_requests_total{model_version="1",status="200"}'
    bad = 'model_request_errors_total{model_version="1",status="400"}'
    timed = 'model_request_duration_seconds_count{model_version="1"}'
    other = 'model_server_http_requests_total{route="other",status="404"}'
    rows = 'model_predicted_rows_total{model_version="1"}'
    names = [good, bad, timed, other, rows]
    before = [serving.metric(name) for name in names]
    serving.predict({"dataframe_split": SPLIT})
    serving.predict({})
    for path in ("/unknown-1", "/unknown-2", "/model/../x"):
        assert serving.http.get(path).status_code == 404
    after = [serving.metric(name) for name in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 2, 3, 3]
    text = serving.metrics
    assert "unknown-1" not in text
    assert 'model_info{alias="champion",model="forest",model_version="1"' in text
    assert serving.metric('model_loads_total{model_version="1"}') == 1


def test_version_names_both_programs(serving: Serving) -> None:
    assert serving.http.get("/version").json() == {
        "mlflow": mlflow.__version__,
        "model_server": "1.0.0",
    }


def test_wrong_method(serving: Serving) -> None:
    response = serving.http.get("/invocations")
    assert response.status_code == 405
    assert response.json() == {"detail": "Method Not Allowed"}


Start = Callable[..., Serving]


def test_labels_and_probabilities(models: Models, start_server: Start) -> None:
    model, example = samples.classifier()
    labels = models.promote(models.add(model, example))
    probabilities = models.add(model, example, pyfunc_predict_fn="predict_proba")
    serving = start_server(models)
    serving.wait_for(labels)
    document = {"dataframe_records": example.to_dict(orient="records")}
    assert serving.predict(document).json() == {"predictions": ["setosa"] * 3}
    models.promote(probabilities)
    serving.wait_for(probabilities)
    answer = serving.predict(document).json()["predictions"]
    assert np.allclose(answer, model.predict_proba(example))


def test_tensor_signature_goes_through_mlflows_own_parser(
    models: Models, start_server: Start
) -> None:
    model, example = samples.on_arrays()
    version = models.promote(models.add(model, example))
    serving = start_server(models)
    serving.wait_for(version)
    expected = model.predict(example).tolist()
    for form in ("inputs", "instances"):
        assert np.allclose(
            serving.predict({form: example.tolist()}).json()["predictions"], expected
        )
    refused = serving.predict({"inputs": [["a"] * 10]})
    assert refused.status_code == 400, refused.text
    wrong_shape = serving.predict({"inputs": [[1.0, 2.0]]})
    assert wrong_shape.status_code == 400
    assert "shape" in wrong_shape.json()["detail"]


def test_text_whole_numbers_and_optional_columns(models: Models, start_server: Start) -> None:
    model, example, signature = samples.with_categories()
    version = models.promote(
        models.add(
            model,
            example,
            signature=signature,
            serialization_format="cloudpickle",
        )
    )
    serving = start_server(models, MODEL_ALLOW_PICKLE="true")
    serving.wait_for(version)
    full = {"city": "Bern", "rooms": 3, "area": 50.5}
    for row in (full, {**full, "area": None}, {"city": "Bern", "rooms": 3}):
        frame = pd.DataFrame([{"area": np.nan, **row}], columns=list(full))
        expected = model.predict(frame.astype({"area": float}))
        response = serving.predict({"dataframe_records": [row]})
        assert response.json() == {"predictions": expected.tolist()}
    unknown = serving.predict({"dataframe_records": [{**full, "city": "Oslo"}]})
    assert unknown.status_code == 400
    assert "Oslo" in unknown.json()["detail"]
    csv = serving.http.post(
        "/invocations",
        content="city,rooms,area\nBern,3,50.5\nLyon,4,\n",
        headers={"Content-Type": "text/csv"},
    )
    assert len(csv.json()["predictions"]) == 2
    half = serving.predict({"dataframe_records": [{**full, "rooms": 2.5}]})
    assert half.json()["detail"] == "Column 'rooms', row 1: a whole number is required, not 2.5."
