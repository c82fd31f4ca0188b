"""Requests per second of one core: this platform's model server and what people use today.

All serve the same saved model under the same contract, `POST /invocations` with a row as
`dataframe_split`. Their answers are compared before anything is measured. Servers share one core in
turn, the load generator has another; a round gives each the same time, in alternating order, and
ratios are of the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import selectors
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import lightgbm
import mlflow
import numpy as np
import pandas as pd
import xgboost
from mlflow.models import infer_signature
from sklearn.datasets import make_regression
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "apps/serving/tests"))

from comparison import Comparison, keep  # noqa: E402
from processes import Server, free_port, model_server, tracking_server, until  # noqa: E402
from usage import CLIENT_CORE, SERVER_CORE, cpu_seconds, memory, on_core  # noqa: E402

from models import Models  # noqa: E402

OURS, MLFLOW = "this platform", "mlflow models serve"
FASTAPI_ONLY, FLOOR = "FastAPI", "FastAPI, constant answer"
TARGETS = {MLFLOW: 10, FASTAPI_ONLY: 4, FLOOR: 0.6}
NOTES = [
    "Each server has one core and one process for predictions, and answers `POST /invocations` "
    "with one row as `dataframe_split`. FastAPI, LitServe and BentoML run the few lines that their "
    "guides show: a DataFrame, and `predict` of the model as MLflow loads it. The constant answer "
    "is what HTTP alone costs. Memory is the proportional set size of all processes of a server.",
    "Memory does not reach half of MLflow's. Nearly all of it is imports, in MiB: scikit-learn "
    "with SciPy 78, MLflow 44, pandas 42, skops 23, ONNX Runtime 18, NumPy 16; a server of models "
    "that others log needs them. The constant answer is no floor for 600 columns, which it does "
    "not read.",
]
CASES = {
    "support vectors, 13 columns": (13, lambda: make_pipeline(StandardScaler(), SVR(C=100))),
    "forest of 100 trees, 13 columns": (13, lambda: RandomForestRegressor(100, random_state=0)),
    "XGBoost, 13 columns": (13, lambda: xgboost.XGBRegressor(n_estimators=100, n_jobs=1)),
    "LightGBM, 13 columns": (13, lambda: lightgbm.LGBMRegressor(verbose=-1, n_jobs=1)),
    "linear, 600 columns": (600, Ridge),
}
FASTAPI = """
import sys
import mlflow, pandas as pd, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

class Split(BaseModel):
    columns: list[str]
    data: list[list[float]]

class Body(BaseModel):
    dataframe_split: Split

app = FastAPI()
model = mlflow.{flavor}.load_model(sys.argv[1])

@app.post("/invocations")
def invocations(body: Body):
    rows = pd.DataFrame(body.dataframe_split.data, columns=body.dataframe_split.columns)
    return {{"predictions": model.predict(rows).tolist()}}

@app.get("/health")
def health():
    return "ok"

uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="warning")
"""
CONSTANT = """
import sys
import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()

@app.post("/invocations")
async def invocations(request: Request):
    await request.body()
    return {"predictions": [1.0]}

@app.get("/health")
def health():
    return "ok"

uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="warning")
"""
LITSERVE = """
import sys
import litserve, mlflow, pandas as pd

class Api(litserve.LitAPI):
    def setup(self, device):
        self.model = mlflow.{flavor}.load_model(sys.argv[1])
    def decode_request(self, request):
        return pd.DataFrame(**request["dataframe_split"])
    def predict(self, rows):
        return self.model.predict(rows)
    def encode_response(self, values):
        return {{"predictions": values.tolist()}}

if __name__ == "__main__":
    server = litserve.LitServer(Api(api_path="/invocations"), accelerator="cpu")
    server.run(port=int(sys.argv[2]), num_api_servers=1, generate_client_file=False)
"""
BENTOML = """
import os
import bentoml, mlflow, pandas as pd

@bentoml.service(workers=1)
class Served:
    def __init__(self):
        self.model = mlflow.{flavor}.load_model(os.environ["MODEL"])

    @bentoml.api(route="/invocations")
    def invocations(self, dataframe_split: dict) -> dict:
        return {{"predictions": self.model.predict(pd.DataFrame(**dataframe_split)).tolist()}}
"""


class Peer(Server):
    """A server of which only its command differs."""

    def __init__(self, folder: Path, port: int, command: list[str], **env: str) -> None:
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # MLflow calls uvicorn
        settings = {"OMP_NUM_THREADS": "1", "PATH": programs, **env}
        super().__init__(command, folder, port, os.environ | settings)
        if "bentoml" in command:
            self.health_path = "/healthz"

    def stop(self) -> None:
        """With all that it has started, which LitServe and BentoML leave behind."""
        if self._process is not None:
            group = self.pid
            super().stop()
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def peers(folder: Path, model: Path, flavor: str, *, all_of_them: bool) -> dict[str, Server]:
    """The others."""
    made: dict[str, Server] = {}

    def program(name: str, text: str) -> None:
        home = folder / name.replace(" ", "-").replace(",", "")
        home.mkdir()
        (home / "main.py").write_text(text)
        port = free_port()
        command = [sys.executable, str(home / "main.py"), str(model), str(port)]
        made[name] = Peer(home, port, command)

    port = free_port()
    (folder / "mlflow").mkdir()
    serve = ["-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local"]
    command = [sys.executable, *serve, "-p", str(port), "--workers", "1"]
    made[MLFLOW] = Peer(folder / "mlflow", port, command)
    program(FASTAPI_ONLY, FASTAPI.format(flavor=flavor))
    program(FLOOR, CONSTANT)
    if all_of_them:
        program("LitServe", LITSERVE.format(flavor=flavor))
        (folder / "bento").mkdir()
        (folder / "bento" / "service.py").write_text(BENTOML.format(flavor=flavor))
        port = free_port()
        command = [sys.executable, "-m", "bentoml", "serve", "service:Served", "-p", str(port)]
        made["BentoML"] = Peer(folder / "bento", port, command, MODEL=str(model))
    return made


class Load:
    """So many connections, each of which sends the next request when it has its answer."""

    def __init__(self, server: Server, body: bytes, connections: int) -> None:
        place = urlsplit(server.url)
        head = (
            "POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._place = (str(place.hostname), place.port)
        self._connections = connections

    def run(self, seconds: float) -> list[float]:
        """Seconds of each request."""
        selector = selectors.DefaultSelector()
        took: list[float] = []
        started: dict[int, float] = {}
        for _ in range(self._connections):
            connection = socket.create_connection(self._place)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ)
        for key in list(selector.get_map().values()):
            started[key.fd] = time.perf_counter()
            key.fileobj.sendall(self._request)  # type: ignore[union-attr]
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for key, _ in selector.select(1):
                connection = key.fileobj
                _read_answer(connection)  # type: ignore[arg-type]
                now = time.perf_counter()
                took.append(now - started[key.fd])
                if b"close" in _LAST_HEAD[0]:
                    selector.unregister(connection)
                    connection.close()  # type: ignore[union-attr]
                    connection = socket.create_connection(self._place)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(connection, selectors.EVENT_READ)
                started[connection.fileno()] = now  # type: ignore[union-attr]
                connection.sendall(self._request)  # type: ignore[union-attr]
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        return took


_LAST_HEAD = [b""]


def _read_answer(connection: socket.socket) -> None:
    data = connection.recv(65536)
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), data[:300]
    lower = head.lower()
    length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
    while len(rest) < length:
        rest += connection.recv(65536)
    _LAST_HEAD[0] = lower.split(b"connection:")[1][:8] if b"connection:" in lower else b""


def compare(name: str, folder: Path, tracking: Server, options: argparse.Namespace) -> Any:  # noqa: ANN401
    """Measure one model on all servers."""
    width, make = CASES[name]
    values, target = make_regression(500, width, noise=5, random_state=0)
    rows = pd.DataFrame(values, columns=[f"column_{place}" for place in range(width)])
    model = make().fit(rows, target)
    library = type(model).__module__.partition(".")[0]
    flavor = library if library in ("xgboost", "lightgbm") else "sklearn"
    folder.mkdir()
    settings = {"skops_trusted_types": ["sklearn.tree._tree.Tree"]} if flavor == "sklearn" else {}
    settings |= {"signature": infer_signature(rows, model.predict(rows)), "input_example": rows[:5]}
    getattr(mlflow, flavor).save_model(model, folder / "model", pip_requirements=[], **settings)

    models = Models(tracking.url, folder.name)
    with mlflow.start_run():
        logged = getattr(mlflow, flavor).log_model(
            model, name="model", pip_requirements=[], registered_model_name=folder.name, **settings
        )
    models.promote(str(logged.registered_model_version))
    (folder / "ours").mkdir()
    servers = {OURS: model_server(folder / "ours", tracking.url, folder.name)}
    servers |= peers(folder, folder / "model", flavor, all_of_them=options.all_peers)
    try:
        with on_core(SERVER_CORE):
            for server in servers.values():
                server.start()
        ours = servers[OURS]
        until(
            lambda: httpx.get(f"{ours.url}/ping", verify=False).status_code == 200,
            "the model is served",
        )
        expected = model.predict(rows)
        document = {"dataframe_split": rows.to_dict(orient="split", index=False)}
        for peer, server in servers.items():
            answer = httpx.post(f"{server.url}/invocations", json=document, timeout=60).json()
            if peer != FLOOR:
                np.testing.assert_allclose(answer["predictions"], expected, rtol=1e-6, atol=1e-4)
        one = {"dataframe_split": rows[:1].to_dict(orient="split", index=False)}
        body = json.dumps(one).encode()
        with on_core(CLIENT_CORE):
            found = {
                str(connections): rounds(servers, body, connections, options)
                for connections in options.connections
            }
        return {
            "load": found,
            "mib": {peer: memory(server.pid) for peer, server in servers.items()},
        }
    finally:
        for server in servers.values():
            server.stop()


def rounds(
    servers: dict[str, Server], body: bytes, connections: int, options: argparse.Namespace
) -> dict[str, list[dict[str, float]]]:
    """What each server did in each round."""
    loads = {name: Load(server, body, connections) for name, server in servers.items()}
    for load in loads.values():
        load.run(options.seconds)
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    for number in range(options.rounds):
        for name in sorted(loads, reverse=bool(number % 2)):
            before = cpu_seconds(servers[name].pid)
            took = loads[name].run(options.seconds)
            cpu = cpu_seconds(servers[name].pid) - before
            samples[name].append(
                {
                    "per_second": len(took) / options.seconds,
                    "p50_ms": float(np.percentile(took, 50)) * 1e3,
                    "p99_ms": float(np.percentile(took, 99)) * 1e3,
                    "cpu_us": cpu / len(took) * 1e6,
                }
            )
        print(f"  {connections} connections, round {number + 1} of {options.rounds}", flush=True)
    return samples


def comparisons(name: str, result: Any) -> Iterator[Comparison]:  # noqa: ANN401
    """Of one model: requests per second and the slowest of a hundred at each load, and memory."""
    for connections, samples in result["load"].items():
        for peer in samples:
            if peer == OURS:
                continue
            what = f"{name}, {connections} {'connection' if connections == '1' else 'connections'}"

            def pairs(key: str, peer: str = peer, samples: Any = samples) -> dict[str, list[float]]:  # noqa: ANN401
                both = {"ours": samples[OURS], "theirs": samples[peer]}
                return {side: [one[key] for one in found] for side, found in both.items()}

            yield Comparison(
                what,
                peer,
                "requests/s",
                **pairs("per_second"),
                moreIsBetter=True,
                target=TARGETS.get(peer),
            )
            if peer == MLFLOW:
                yield Comparison(
                    f"{what}, 99th percentile", peer, "ms", **pairs("p99_ms"), moreIsBetter=False
                )
    memory = result["mib"]
    yield Comparison(
        f"{name}, memory",
        MLFLOW,
        "MiB",
        [memory[OURS]],
        [memory[MLFLOW]],
        moreIsBetter=False,
        target=2,
    )


def main() -> None:
    """Measure every model and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5, help="of a server in a round")
    parser.add_argument("--model", default="", help="a part of a name; all without")
    options = parser.parse_args()
    found: list[Comparison] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "mlflow-tracking").mkdir()
        tracking = tracking_server(home / "mlflow-tracking")
        tracking.start()
        try:
            for place, name in enumerate(CASES):
                if options.model in name:
                    print(name, flush=True)
                    # all peers and loads for the first, the most telling ones for the others
                    options.all_peers, options.connections = (
                        place == 0,
                        [1, 4, 16] if place == 0 else [4],
                    )
                    result = compare(name, home / f"model-{place}", tracking, options)
                    found += comparisons(name, result)
        finally:
            tracking.stop()
    packages = (
        "mlflow",
        "scikit-learn",
        "fastapi",
        "litserve",
        "bentoml",
        "uvicorn",
        "onnxruntime",
    )
    about: dict[str, object] = {package: version(package) for package in packages}
    about |= {"python": platform.python_version(), "seed": 0, "notes": NOTES}
    keep("model_server", "Model server", found, about)


if __name__ == "__main__":
    main()
