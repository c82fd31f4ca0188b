"""The examples of docs/how-to/libraries.md, run as they stand there and served."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from model_server.errors import LoadError
from model_server.predictions import plain
from processes import Server
from sklearn.datasets import load_breast_cancer
from test_flavors import close, load, request

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "libraries.md"
EXPORTED = Path(__file__).with_name("recorded") / "pytorch.onnx"
"""What the example of PyTorch writes, with PyTorch 2.15."""
BY_PYTORCH = [
    {"shares": [1.0, 1.00657385e-10]},
    {"shares": [0.999990582, 9.43605664e-06]},
    {"shares": [1.0, 6.19235729e-09]},
]
"""What PyTorch itself predicts for the first rows."""


def examples() -> dict[str, str]:
    """The Python of the page by the heading above it."""
    found = re.findall(r"^## ([\w ]+)$.*?^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return dict(found)


def run(heading: str) -> dict[str, Any]:
    # As the main module, whose classes are pickled with their code.
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(examples()[heading], heading, "exec"), names)
    return names


def test_every_library_has_an_example() -> None:
    libraries = ["XGBoost", "LightGBM", "CatBoost", "PyTorch", "ONNX", "A Python model"]
    assert list(examples()) == libraries


@pytest.mark.parametrize("heading", [name for name in examples() if name != "PyTorch"])
def test_an_example_is_served_as_the_model_predicts_itself(
    tracking: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heading: str
) -> None:
    mlflow.set_tracking_uri(tracking.url)
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXPORTED, "churn.onnx")
    # MLflow takes half a minute for it, in a process of its own
    monkeypatch.setattr(
        mlflow.models, "infer_pip_requirements", lambda *_, fallback, **__: fallback
    )
    names = run(heading)
    found = MlflowClient().search_model_versions("name='churn'")
    newest = max(int(version.version) for version in found)
    files = Path(mlflow.artifacts.download_artifacts(f"models:/churn/{newest}", dst_path="files"))

    needs_code = heading == "A Python model"
    if needs_code:
        with pytest.raises(LoadError, match="set allowPickle: true"):
            load(files)
    rows = load_breast_cancer(as_frame=True).data.head(3)
    served = load(files, allow_pickle=needs_code).answer("application/json", request(rows)).body
    if heading == "ONNX":
        expected: object = BY_PYTORCH
    elif needs_code:
        expected = plain(names["model"].predict(None, rows))
    else:
        expected = plain(np.asarray(names["model"].predict(rows)))
    assert close(json.loads(served)["predictions"], expected)


def test_the_example_of_pytorch_exports_what_the_next_one_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where PyTorch is, which no lock of ours has: the page says why."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    run("PyTorch")
    assert (tmp_path / "churn.onnx").stat().st_size == pytest.approx(EXPORTED.stat().st_size, 0.05)
