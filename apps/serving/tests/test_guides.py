"""The Python of the guides that log or call a model, run as it stands there, with a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import httpx
import mlflow
import pandas as pd
import pytest
from conftest import Serving
from models import FEATURES, Models, linear
from processes import Server
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

DOCS = Path(__file__).parents[3] / "docs"


def python_of(page: str) -> str:
    [block] = re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(), re.M | re.S)
    return block


@pytest.fixture(autouse=True)
def quick_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow takes half a minute to infer them, in a separate process."""
    monkeypatch.setattr(
        mlflow.models, "infer_pip_requirements", lambda *_, fallback, **__: fallback
    )


def test_a_model_of_the_guide_is_served(
    tracking: Server, start_server: Callable[..., Serving]
) -> None:
    models = Models(tracking.url, "wine")
    exec(compile(python_of("how-to/serve-a-registered-model.md"), "guide", "exec"), {})
    server = start_server(models)
    server.wait_for("1")
    rows = load_wine(as_frame=True).data.head(3).to_dict(orient="split", index=False)
    assert server.predict({"dataframe_split": rows}).json()["predictions"] == [0, 0, 0]


def test_a_model_logged_as_the_page_on_drift_says_has_its_baseline(
    models: Models, start_server: Callable[..., Serving]
) -> None:
    names = {"mlflow": mlflow, "model": linear(), "x_train": FEATURES}
    with mlflow.start_run() as run:
        exec(compile(python_of("explanation/drift.md"), "guide", "exec"), names)
    logged = f"runs:/{run.info.run_id}/model"
    models.promote(mlflow.register_model(logged, models.name).version)
    server = start_server(models)
    server.wait_for("1")
    ranges = server.http.get("/model").json()["ranges"]
    assert ranges["bmi"] == pytest.approx([FEATURES["bmi"].min(), FEATURES["bmi"].max()])


class Login(BaseHTTPRequestHandler):
    """The token endpoint of a provider, and the login in front of a model server."""

    model_url = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            assert parse_qs(body.decode())["refresh_token"] == ["kept secret"]
            status, answer = 200, json.dumps({"id_token": "fresh", "expires_in": 3600})
        elif self.headers["Authorization"] == "Bearer fresh":
            sent = {"Content-Type": self.headers["Content-Type"]}
            found = httpx.post(f"{self.model_url}/invocations", content=body, headers=sent)
            status, answer = found.status_code, found.text
        else:
            status, answer = 401, "{}"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def login() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Login)
    Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_the_program_of_the_guide_calls_a_model_behind_a_login(
    models: Models, start_server: Callable[..., Serving], login: str
) -> None:
    rows = pd.DataFrame({"months": [3, 40], "plan": ["basic", "premium"]})
    by_plan = make_column_transformer((OneHotEncoder(), ["plan"]), remainder="passthrough")
    churn = make_pipeline(by_plan, LogisticRegression()).fit(rows, [1, 0])
    models.promote(models.add(churn, rows))
    server = start_server(models)
    server.wait_for("1")
    Login.model_url = server.server.url
    env = {
        **{"MODEL_URL": f"{login}/churn/invocations", "TOKEN_URL": f"{login}/token"},
        **{"REFRESH_TOKEN": "kept secret", "CLIENT_ID": "id", "CLIENT_SECRET": "secret"},
    }
    done = subprocess.run(
        [sys.executable, "-c", python_of("how-to/call-a-model.md")],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "{'predictions': [1]}\n"
