"""Models of every library: served as they predict themselves, or refused with advice that works."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightgbm
import logged_models
import mlflow
import numpy as np
import onnx
import pandas as pd
import pytest
import skops.io
import xgboost
import yaml
from conftest import Serving
from logged_models import ADVISED, CODE, DATA, FLOWERS, KINDS, Log, Logged
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import Model, infer_signature
from model_server.errors import LoadError
from model_server.loaded_model import LoadedModel
from model_server.loader import load_files
from model_server.predictions import plain
from model_server.registry import ModelVersion
from model_server.settings import read_settings
from model_server.trust import refuse_untrusted
from models import Models
from processes import Server, model_server
from test_trust import mlmodel

LogModel = Callable[[Log], Logged]


def load(files: Path, allow_pickle: bool = False) -> LoadedModel:
    settings = read_settings(
        {
            "MLFLOW_TRACKING_URI": "http://localhost",
            "MODEL_NAME": "m",
            "MODEL_ALLOW_PICKLE": str(allow_pickle).lower(),
        }
    )
    return load_files(settings, ModelVersion("m", "1", None, 0), files)


class Shelf:
    """Each model once: logged to MLflow when it is first asked for, with the files downloaded."""

    def __init__(self, tracking_uri: str, folder: Path) -> None:
        self._folder = folder
        self._client = MlflowClient(tracking_uri)
        self._known: dict[str, tuple[Logged, Path]] = {}
        mlflow.set_tracking_uri(tracking_uri)

    def take(self, model: LogModel, **options: Any) -> tuple[Logged, Path]:  # noqa: ANN401
        name = "-".join([model.__name__, *options])
        if name not in self._known:
            logged = self._log(
                model,
                {
                    "name": "model",
                    "registered_model_name": name,
                    "pip_requirements": ["scikit-learn"],
                    **options,
                },
            )
            version = self._client.search_model_versions(f"name='{name}'")[0]
            files = mlflow.artifacts.download_artifacts(
                f"models:/{name}/{version.version}", dst_path=str(self._folder / name)
            )
            self._known[name] = logged, Path(files)
        return self._known[name]

    @staticmethod
    def _log(model: LogModel, options: Log) -> Logged:
        """Log it; MLflow may ask for types to be named, as their users then do."""
        try:
            return model(options)
        except MlflowException as error:
            types = re.findall(r"'([\w.]+)'", str(error).partition("Untrusted types")[2])
            if not types:
                raise
            return model({**options, "skops_trusted_types": types})


@pytest.fixture(scope="module")
def shelf(tracking: Server, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tracking.url, tmp_path_factory.mktemp("shelf"))


def request(rows: Any) -> bytes:  # noqa: ANN401
    if isinstance(rows, pd.DataFrame):
        split = rows.to_json(orient="split", index=False, double_precision=15, date_format="iso")
        return f'{{"dataframe_split": {split}}}'.encode()
    return json.dumps({"inputs": plain(rows)}).encode()


def close(answered: Any, expected: Any) -> bool:  # noqa: ANN401
    if isinstance(expected, dict):
        return answered.keys() == expected.keys() and all(
            close(answered[key], expected[key]) for key in expected
        )
    if isinstance(expected, list):
        return len(answered) == len(expected) and all(map(close, answered, expected))
    if isinstance(expected, float):
        return answered == pytest.approx(expected, rel=1e-6, abs=1e-6)
    return answered == expected


def assert_predicts(model: LoadedModel, logged: Logged) -> None:
    wanted = logged.probabilities is not None
    body = model.answer("application/json", request(logged.rows), wanted).body
    answer = json.loads(body)
    assert close(answer["predictions"], plain(logged.predictions)), answer
    if wanted:
        assert close(answer["probabilities"], plain(logged.probabilities)), answer
        assert answer["classes"] == (logged.classes or model.description["classes"])


# --- what is data


@pytest.mark.parametrize("model", DATA, ids=lambda model: model.__name__)
def test_a_model_that_is_data_is_served_as_it_predicts_itself(
    shelf: Shelf, model: LogModel
) -> None:
    logged, files = shelf.take(model)
    assert_predicts(load(files), logged)


def test_onnx_runtime_starts_no_threads_of_its_own(shelf: Shelf) -> None:
    _, files = shelf.take(logged_models.onnx_matrix)
    before = len(list(Path("/proc/self/task").iterdir()))
    model = load(files)
    assert len(list(Path("/proc/self/task").iterdir())) <= before, model


def test_a_model_without_probabilities_refuses_to_make_them_up(shelf: Shelf) -> None:
    logged, files = shelf.take(logged_models.sklearn_linear)
    model = load(files)
    assert model.description["classes"] is None
    with pytest.raises(Exception, match="has no probabilities"):
        model.answer("application/json", request(logged.rows), probabilities=True)


def test_categories_that_xgboost_did_not_keep_are_not_guessed(tmp_path: Path) -> None:
    rows, _ = logged_models.with_categories()
    model = xgboost.XGBClassifier(n_estimators=2, enable_categorical=True)
    model.fit(rows, rows["lift"])
    mlflow.xgboost.save_model(
        model,
        tmp_path / "m",
        signature=infer_signature(rows),
        model_format="json",
        pip_requirements=["xgboost"],
    )

    def forget(document: dict[str, Any]) -> None:
        trees = document["learner"]["gradient_booster"]["model"]
        trees["cats"] = {"enc": [], "feature_segments": [], "sorted_idx": []}

    change_json(tmp_path / "m" / "model.json", forget)
    with pytest.raises(LoadError, match=r"has categories \('city'\) but not their names.* 3\.1"):
        load(tmp_path / "m")


def test_categories_that_lightgbm_cannot_tell_from_numbers_are_explained(tmp_path: Path) -> None:
    rows, price = logged_models.flats()
    rows = rows[["floor", "area"]].assign(floor=7)  # one value, of which the model keeps nothing
    model = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1)
    model.fit(rows.astype({"floor": "category"}), price)
    mlflow.lightgbm.save_model(
        model, tmp_path / "m", signature=infer_signature(rows), pip_requirements=["lightgbm"]
    )
    with pytest.raises(LoadError, match=r"trained with 1 columns of pandas' type category, and 0"):
        load(tmp_path / "m")


# --- what is code


FLAVORS = {"python": "pyfunc"}


@pytest.mark.parametrize("model", CODE, ids=lambda model: model.__name__)
def test_a_model_that_runs_code_is_refused_and_each_way_out_leads_out(
    shelf: Shelf, model: LogModel
) -> None:
    logged, files = shelf.take(model)
    kind = model.__name__.partition("_")[0]
    with pytest.raises(LoadError) as refused:
        load(files)
    reason = str(refused.value)
    assert reason.startswith(f"its flavor {FLAVORS.get(kind, kind)} "), reason
    named = re.findall(r"(model\.\w+|python_model\.pkl|model_from_code\.py|in code)", reason)
    assert any((files / name.removeprefix("in ")).exists() for name in named), reason

    assert "set allowPickle: true" in reason
    assert_predicts(load(files, allow_pickle=True), logged)

    if model in ADVISED:
        log, options = ADVISED[model]
        advised, others = shelf.take(log, **options)
        assert_predicts(load(others), advised)
        if log is not logged_models.statsmodels_advised:
            assert close(plain(advised.predictions), plain(logged.predictions))


# --- files that are not what they are said to be


def change_json(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


class Bomb:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return subprocess.check_call, (["touch", str(self.folder / "OWNED")],)


@pytest.mark.parametrize(
    ("model", "file"),
    [
        (logged_models.sklearn_linear, "model.skops"),
        (logged_models.xgboost_regressor, "model.ubj"),
        (logged_models.xgboost_classifier, "model.json"),
        (logged_models.lightgbm_booster, "model.lgb"),
        (logged_models.lightgbm_classifier, "model.skops"),
        (logged_models.onnx_columns, "model.onnx"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
@pytest.mark.parametrize("content", ["pickle", "half", "empty"])
def test_a_file_in_another_format_is_refused_and_runs_nothing(
    shelf: Shelf, tmp_path: Path, model: LogModel, file: str, content: str
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(shelf.take(model)[1], folder)
    whole = (folder / file).read_bytes()
    contents = {"pickle": pickle.dumps(Bomb(tmp_path)), "half": whole[: len(whole) // 2]}
    (folder / file).write_bytes(contents.get(content, b""))
    with pytest.raises(LoadError):
        load(folder)
    assert not (tmp_path / "OWNED").exists()


def booster(learner: dict[str, Any]) -> dict[str, Any]:
    return learner["learner"]["gradient_booster"]["model"]


XGBOOST_FAULTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "tree of an output beyond": lambda model: booster(model)["tree_info"].__setitem__(0, 7),
    "tree of a negative output": lambda model: booster(model)["tree_info"].__setitem__(0, -5),
    "tree without an output": lambda model: booster(model)["tree_info"].pop(),
    "node beyond": lambda model: booster(model)["trees"][0]["left_children"].__setitem__(0, 999),
    "feature beyond": lambda model: booster(model)["trees"][0]["split_indices"].__setitem__(0, 9),
    "leaf of more outputs": lambda model: booster(model)["trees"][0]["tree_param"].update(
        size_leaf_vector="4"
    ),
    "text in place of numbers": lambda model: booster(model).update(tree_info="000000"),
}


@pytest.mark.parametrize("change", XGBOOST_FAULTS.values(), ids=XGBOOST_FAULTS)
def test_a_crafted_xgboost_model_is_refused(
    shelf: Shelf, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(shelf.take(logged_models.xgboost_classifier)[1], folder)
    change_json(folder / "model.json", change)
    with pytest.raises(LoadError, match=r"model\.json, which is JSON, but no sound model"):
        load(folder)


def test_a_crafted_xgboost_model_in_ubjson_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(shelf.take(logged_models.xgboost_regressor)[1], folder)
    data = bytearray((folder / "model.ubj").read_bytes())
    before = b"tree_info[#L" + (10).to_bytes(8) + b"i"  # 10 trees, each the type and the number
    data[data.index(before) + len(before)] = 7
    (folder / "model.ubj").write_bytes(data)
    with pytest.raises(LoadError, match=r"no sound model of XGBoost .*tree_info is out of range"):
        load(folder)


def test_a_name_that_is_twice_in_an_xgboost_model_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(shelf.take(logged_models.xgboost_classifier)[1], folder)
    text = (folder / "model.json").read_text()
    (folder / "model.json").write_text(text.replace('"tree_info"', '"tree_info":[9],"tree_info"'))
    with pytest.raises(LoadError, match="a name twice"):
        load(folder)


LIGHTGBM_FAULTS = [
    ("num_tree_per_iteration=3", "num_tree_per_iteration=100000"),
    ("num_class:3", "num_class:100000"),
    ("num_class=3", "num_class=3\nnum_class=100000"),
    ("left_child=", "left_child=999 "),
    ("split_feature=", "split_feature=999 "),
    ("end of trees", "End of trees"),
]


@pytest.mark.parametrize(("old", "new"), LIGHTGBM_FAULTS)
def test_a_crafted_lightgbm_model_is_refused(
    shelf: Shelf, tmp_path: Path, old: str, new: str
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(shelf.take(logged_models.lightgbm_booster)[1], folder)
    text = (folder / "model.lgb").read_text()
    assert old in text
    (folder / "model.lgb").write_text(text.replace(old, new))
    with pytest.raises(LoadError, match=r"model\.lgb, which is no sound model of LightGBM"):
        load(folder)


class Crafted:
    """A booster that skops saves with another model in it."""

    def __init__(self, kind: type, state: dict[str, Any]) -> None:
        self.__class__ = type(kind.__name__, (), {"__module__": kind.__module__})
        vars(self).update(state)


def xgboost_inside() -> Crafted:
    state = vars(xgboost.XGBClassifier(n_estimators=2).fit(FLOWERS, KINDS).get_booster()).copy()
    document = {"learner": {"learner_model_param": {"num_feature": "4", "num_class": "3"}}}
    state["handle"] = bytearray(json.dumps(document).encode())
    return Crafted(xgboost.Booster, state)


def lightgbm_inside() -> Crafted:
    params = {"objective": "multiclass", "num_class": 3, "verbose": -1}
    text = lightgbm.train(params, lightgbm.Dataset(FLOWERS, KINDS), 1).model_to_string()
    return Crafted(
        lightgbm.Booster,
        {"_handle": text.replace("num_tree_per_iteration=3", "num_tree_per_iteration=999")},
    )


def array_inside() -> Crafted:
    """XGBoost would take the bytes of an array as well, which were not looked at."""
    return Crafted(xgboost.Booster, {"handle": np.zeros(8, np.uint8)})


@pytest.mark.parametrize("make", [xgboost_inside, lightgbm_inside, array_inside])
def test_a_booster_inside_of_a_skops_file_is_checked_as_well(
    tmp_path: Path, make: Callable[[], Crafted]
) -> None:
    skops.io.dump(make(), tmp_path / "model.skops")
    with pytest.raises(LoadError, match=r"its \w+\.\w+\.Booster is (not|no|kept)"):
        refuse_untrusted(mlmodel(), tmp_path)


def set_in_mlmodel(folder: Path, flavor: str, **values: object) -> None:
    described = yaml.safe_load((folder / "MLmodel").read_text())
    described["flavors"][flavor].update(values)
    (folder / "MLmodel").write_text(yaml.safe_dump(described))


@pytest.mark.parametrize(
    ("model", "flavor", "values", "reason"),
    [
        ("xgboost_regressor", "xgboost", {"model_class": "subprocess.Popen"}, "class subprocess"),
        ("xgboost_regressor", "xgboost", {"data": "other.ubj"}, "does not name its model file"),
        ("xgboost_regressor", "python_function", {"predict_fn": "get_raw_model"}, "use one of"),
        ("xgboost_regressor", "python_function", {"code": "code"}, "own Python files in code"),
        ("lightgbm_booster", "lightgbm", {"model_class": "other"}, r"cannot be read"),
        (
            "catboost_classifier",
            "catboost",
            {"save_format": "json"},
            r"in model\.cb, in the format json: log it without format=, or, .*allowPickle: true",
        ),
        ("onnx_columns", "onnx", {"providers": ["AzureExecutionProvider"]}, "execution_providers"),
        (
            "onnx_columns",
            "onnx",
            {"onnx_session_options": {"extra_session_config": {"ep.context_file_path": "/x"}}},
            "extra_session_config",
        ),
    ],
)
def test_what_mlmodel_adds_to_a_file_is_refused(
    shelf: Shelf, tmp_path: Path, model: str, flavor: str, values: dict[str, Any], reason: str
) -> None:
    shutil.copytree(shelf.take(getattr(logged_models, model))[1], tmp_path / "m")
    set_in_mlmodel(tmp_path / "m", flavor, **values)
    with pytest.raises(LoadError, match=reason):
        load(tmp_path / "m")


@pytest.mark.parametrize("place", ["/etc/hostname", "../secret"])
def test_onnx_reads_no_numbers_from_outside_of_the_folder(
    shelf: Shelf, tmp_path: Path, place: str
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(shelf.take(logged_models.onnx_matrix)[1], folder)
    (tmp_path / "secret").write_bytes(bytes(4 * 512 * 4))
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = place
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(LoadError, match="External data path"):
        load(folder)


# --- one server, whatever the library


@pytest.fixture(scope="module")
def serving(tracking: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = model_server(tmp_path_factory.mktemp("server"), tracking.url, "any-library")
    server.start()
    yield Serving(server)
    server.stop()


def test_the_alias_moves_from_library_to_library(tracking: Server, serving: Serving) -> None:
    models = Models(tracking.url, "any-library")

    def log(model: LogModel, *requirements: str) -> tuple[Logged, str]:
        names = {"name": "model", "registered_model_name": models.name}
        logged = model({**names, "pip_requirements": list(requirements or ["scikit-learn"])})
        found = models.client.search_model_versions(f"name='{models.name}'")
        return logged, str(max(int(version.version) for version in found))

    # Nothing else is served, so what it requires is no reason not to try.
    logged, version = log(logged_models.sklearn_linear, "prophet==1.1.5")
    models.promote(version)
    serving.wait_for(version)
    assert held_mebibytes(serving.server.pid) < 225  # 15 of them for what only tests install
    assert not loaded_libraries(serving.server.pid) & {"libxgboost", "lib_lightgbm"}

    for model in (
        logged_models.xgboost_classifier,
        logged_models.lightgbm_classifier,
        logged_models.onnx_columns,
    ):
        # a package that only the notebook had, and the model does without
        logged, version = log(model, "scikit-learn", "prophet==1.1.5")
        models.promote(version)
        serving.wait_for(version)
        wanted = logged.probabilities is not None
        answer = serving.http.post(
            "/invocations",
            params={"probabilities": str(wanted).lower()},
            content=request(logged.rows),
            headers={"Content-Type": "application/json"},
        ).json()
        assert close(answer["predictions"], plain(logged.predictions))
        assert wanted == ("probabilities" in answer)
    assert serving.http.post("/invocations?probabilities=x", json={}).status_code == 400

    # another patch level is the same
    here = lightgbm.__version__
    logged, patched = log(
        logged_models.lightgbm_booster, f"lightgbm=={here.rpartition('.')[0]}.99", "xgboost>=3"
    )
    models.promote(patched)
    serving.wait_for(patched)

    _, other = log(logged_models.sklearn_linear, "lightgbm==3.1.0", "prophet==1.1.5")
    models.promote(other)
    reason = serving.wait_for_refusal(other)
    assert reason == (
        "it requires lightgbm==3.1.0, prophet==1.1.5, and this server has "
        f"lightgbm {here}, no prophet: run `npm run images -- --model any-library@champion`, "
        "which builds an image with them and prints the setting for it, or log the model with "
        "what this server has"
    )
    assert serving.version == patched


def held_mebibytes(pid: int) -> float:
    """Memory of the server and its helper that no file backs; what they share counts once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for one in (str(pid), *children):
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss_Anon:\s+(\d+)", rollup, re.MULTILINE)[1])
    return total / 1024


def loaded_libraries(pid: int) -> set[str]:
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {name for name in ("libxgboost", "lib_lightgbm", "onnxruntime") if name in maps}


# --- the page that lists all of this

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "flavors.md"
_ROW = re.compile(r"^\| (?P<flavors>`.*?) +\| .*? +\| (?P<file>.*?) +\| (?P<accepted>.*?) +\|$")
ELSEWHERE = {"pytorch", "tensorflow", "keras"}


def listed() -> list[tuple[str, str, bool]]:
    """Flavor, file, and whether it is accepted by default, as the page says it."""
    rows = filter(None, map(_ROW.match, PAGE.read_text().splitlines()))
    return [
        (flavor, row["file"].strip("`"), row["accepted"].startswith("yes"))
        for row in rows
        for flavor in re.findall(r"`(\w+)`", row["flavors"])
    ]


def test_the_page_lists_every_flavor_and_what_becomes_of_it(shelf: Shelf, tmp_path: Path) -> None:
    seen = set()
    for accepted, models in ((True, DATA), (False, CODE)):
        for model in models:
            described = yaml.safe_load((shelf.take(model)[1] / "MLmodel").read_text())
            pyfunc = described["flavors"]["python_function"]
            flavor = pyfunc["loader_module"].split(".")[1]
            named = ("code", "model_path", "data", "python_model", "model_code_path")
            file = next(Path(pyfunc[name]).name for name in named if pyfunc.get(name))
            seen.add((flavor, file, accepted))
    assert {row for row in listed() if row[0] not in ELSEWHERE} == seen


@pytest.mark.parametrize("row", [row for row in listed() if row[0] in ELSEWHERE])
def test_the_page_is_right_about_libraries_that_the_image_lacks(
    tmp_path: Path, row: tuple[str, str, bool]
) -> None:
    flavor, file, accepted = row
    pyfunc = {"loader_module": f"mlflow.{flavor}", "data": file}
    own = {"data": file, "save_format": "cbm", "model_type": "CatBoostClassifier"}
    model = Model(flavors={"python_function": pyfunc, flavor: own})
    (tmp_path / file).write_bytes(b"CBM1 and the model")
    if accepted:
        refuse_untrusted(model, tmp_path)
        (tmp_path / file).write_bytes(pickle.dumps(Bomb(tmp_path)))
    with pytest.raises(LoadError, match=f"its flavor {flavor} "):
        refuse_untrusted(model, tmp_path)
