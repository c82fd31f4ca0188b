"""How soon what is in our images answers, how much memory it takes, and how large it is.

Each is compared with what people run in its place: `mlflow server` with all extras and its four
workers, a Streamlit page with the model in its process, `mlflow models serve`. Packages of ours are
installed by the step of the Dockerfile that installs them in the image, the others by pip.
"""

from __future__ import annotations

import argparse
import compileall
import gzip
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from io import RawIOBase
from pathlib import Path
from py_compile import PycInvalidationMode
from shutil import which
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "apps/serving/tests"))

import processes  # noqa: E402
from comparison import Comparison, keep  # noqa: E402
from tracking_servers import (  # noqa: E402
    OURS,
    USERS,
    Postgres,
    Server,
    free_port,
    migrate,
    migration_environment,
    stock_command,
    users_file,
)
from usage import cpu_seconds, family, memory  # noqa: E402

from models import EXAMPLE, Models, linear  # noqa: E402

MODEL = "footprint"
NOTES = [
    "Packages of our images are installed by the step of the Dockerfile that does it there, the "
    "others by pip. The base of an image and what it has from Debian are left out on both sides. "
    "Before each start the files of the packages are evicted from the page cache. Servers may use "
    "all cores. Memory is the proportional set size of all processes of a server, once it has "
    "answered and then computed next to nothing for a second.",
    "The first answer is what a user waits for. The tracking server lists the experiments in a "
    "Postgres. A visitor opens the page as soon as it answers, presses Predict and sees the value. "
    "The model server predicts three rows.",
    "`mlflow server` has its four workers and its processes for jobs, ours has one worker and no "
    "jobs. The exporters in the same pod are not counted. The page of this platform has no model: "
    "add the memory of the model server, which one page shares with all other clients. The image "
    "of the model server is held to the same targets, although it also serves XGBoost, LightGBM, "
    "ONNX and statsmodels and trains on Dask, and the other has what scikit-learn needs.",
    "The model server does not reach a third of the size: scikit-learn with SciPy, NumPy, pandas "
    "and MLflow, which both sides have, take 287 MB on disk, and a third of the other side is 292 "
    "MB. Nor does it reach a third of the memory, 145 MiB: once imported, these take 180 MiB.",
]
STREAMLIT_PAGE = f"""
import mlflow
import pandas as pd
import streamlit as st

@st.cache_resource
def load():
    return mlflow.pyfunc.load_model("models:/{MODEL}@{processes.ALIAS}")

model = load()
example = model.input_example
row = {{name: st.number_input(name, value=float(example[name][0])) for name in example}}
if st.button("Predict"):
    st.metric("Prediction", float(model.predict(pd.DataFrame([row]))[0]))
"""


@dataclass(frozen=True)
class Launch:
    """A server that has not been started."""

    command: list[str]
    settings: dict[str, str]
    url: str


@dataclass(frozen=True)
class Side:
    """Packages, and how the server in them starts, in a folder for its files."""

    name: str
    python: Path
    launch: Callable[[Path], Launch]

    @property
    def packages(self) -> Path:
        """The folder of all of them."""
        return self.python.parents[1]


@dataclass(frozen=True)
class Image:
    """An image of ours, and what people run in its place."""

    what: str
    ours: Side
    theirs: Side
    answer: Callable[[str], object]
    """The first answer to a user at a URL; an HTTPError while the server is not ready."""


@dataclass(frozen=True)
class Setting:
    """What all of them are measured with."""

    python: dict[str, Path]
    """Of each environment."""
    folder: Path
    client: httpx.Client
    registry: str
    """Has the model that is served."""
    model_server: str
    """Serves it to the page."""

    def stock(self, name: str, port: int, home: Path, *command: str, **further: str) -> Launch:
        """A program of an environment, started as its guide does."""
        settings = {
            "PATH": f"{self.python[name].parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **further,
        }
        return Launch(list(command), settings, f"http://127.0.0.1:{port}")

    def sources(self, app: str) -> Path:
        """An app's own modules, compiled as in its image."""
        sources = self.folder / f"{app}-src"
        shutil.copytree(ROOT / "apps" / app / "src", sources)
        mode = PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(sources, quiet=1, invalidation_mode=mode)
        return sources

    def in_image(self, app: str, sources: Path) -> dict[str, str]:
        """What the image of an app sets, with the places of this machine."""
        text = (ROOT / "apps" / app / "Dockerfile").read_text()
        (block,) = re.findall(r"^ENV (.*(?:\\\n.*)*)", text, re.MULTILINE)
        folder = self.python[f"{app}Image"].parents[1]
        return dict(re.findall(r"(\w+)=(\S+)", block)) | {
            "PATH": f"{folder}/bin:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(sources),
            "LD_LIBRARY_PATH": f"{folder}/lib",
        }


@contextmanager
def tracking(setting: Setting) -> Iterator[Image]:
    """The tracking server: it lists the experiments of a Postgres."""

    def answer(url: str) -> object:
        setting.client.get(f"{url}/health").raise_for_status()
        found = setting.client.post(
            f"{url}/api/2.0/mlflow/experiments/search",
            json={"max_results": 5},
            auth=USERS["notebook"],
        )
        return [one["name"] for one in found.raise_for_status().json()["experiments"]]

    with Postgres() as postgres:
        uris = postgres.create_databases("mlflow")
        done = migrate(migration_environment(*uris, users_file(setting.folder)))
        if done.returncode:
            raise SystemExit(done.stderr)
        stock_uri, _ = postgres.create_databases("stock", template="mlflow")
        sources = setting.sources("tracking")

        def ours(home: Path) -> Launch:
            server = Server(home, *uris)
            settings = server.environment | setting.in_image("tracking", sources)
            return Launch(["python", "-m", "tracking_server", "server"], settings, server.url)

        def theirs(home: Path) -> Launch:
            port = free_port()
            command = stock_command("python", port, home, stock_uri)
            return setting.stock("mlflowExtras", port, home, *command)

        yield Image(
            "tracking server",
            Side(OURS, setting.python["trackingImage"], ours),
            Side("`mlflow server`, all extras", setting.python["mlflowExtras"], theirs),
            answer,
        )


@contextmanager
def page(setting: Setting) -> Iterator[Image]:
    """The page: a visitor opens it as soon as it answers, presses Predict, and sees the value."""
    sources = setting.sources("predict")
    (setting.folder / "page.py").write_text(STREAMLIT_PAGE)

    def ours(home: Path) -> Launch:
        (home / ".streamlit").mkdir()
        shutil.copy(ROOT / "apps/predict/streamlit.toml", home / ".streamlit/config.toml")
        port, metrics_port = free_port(), free_port()
        settings = setting.in_image("predict", sources) | {
            "STREAMLIT_SERVER_PORT": str(port),
            "METRICS_PORT": str(metrics_port),
            "MODEL_SERVER_URL": setting.model_server,
        }
        command = ["streamlit", "run", str(sources / "prediction_app/app.py")]
        return Launch(command, settings, f"http://127.0.0.1:{port}")

    def theirs(home: Path) -> Launch:
        port = free_port()
        flags = ["--server.headless", "true", "--server.port", str(port)]
        command = ["streamlit", "run", str(setting.folder / "page.py"), *flags]
        registry = {"MLFLOW_TRACKING_URI": setting.registry}
        return setting.stock("streamlitModel", port, home, *command, **registry)

    visitors = subprocess.Popen(
        [setting.python["predict"], Path(__file__).with_name("page_visit.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert visitors.stdin
    assert visitors.stdout
    to_visit, told = visitors.stdin, visitors.stdout

    def answer(url: str) -> object:
        print(url.removeprefix("http://"), file=to_visit, flush=True)
        return round(float(told.readline().replace(",", "")), 2)

    try:
        yield Image(
            "prediction page",
            Side(OURS, setting.python["predictImage"], ours),
            Side("Streamlit, model in its process", setting.python["streamlitModel"], theirs),
            answer,
        )
    finally:
        to_visit.close()
        visitors.wait(10)


@contextmanager
def serving(setting: Setting) -> Iterator[Image]:
    """The model server: it predicts three rows."""
    sources = setting.sources("serving")
    document = {"dataframe_split": EXAMPLE.to_dict(orient="split", index=False)}

    def answer(url: str) -> object:
        setting.client.get(f"{url}/ping").raise_for_status()
        found = setting.client.post(f"{url}/invocations", json=document).raise_for_status()
        return [round(value, 6) for value in found.json()["predictions"]]

    def ours(home: Path) -> Launch:
        server = processes.model_server(home, setting.registry, MODEL)
        settings = server.env | setting.in_image("serving", sources)
        del settings["MODEL_POLL_SECONDS"]
        return Launch(["python", "-m", "model_server"], settings, server.url)

    def theirs(home: Path) -> Launch:
        port = free_port()
        model = f"models:/{MODEL}@{processes.ALIAS}"
        command = ["mlflow", "models", "serve", "-m", model, "-p", str(port)]
        command += ["--env-manager", "local"]
        registry = {"MLFLOW_TRACKING_URI": setting.registry}
        return setting.stock("mlflowModel", port, home, *command, **registry)

    yield Image(
        "model server",
        Side(OURS, setting.python["servingImage"], ours),
        Side("`mlflow models serve`", setting.python["mlflowModel"], theirs),
        answer,
    )


IMAGES = {"tracking": tracking, "page": page, "serving": serving}


@contextmanager
def started(image: Image, side: Side, folder: Path) -> Iterator[tuple[float, int, object]]:
    """A server: seconds from its start to its first answer, its process, the answer."""
    launch = side.launch(folder)
    program = which(launch.command[0], path=launch.settings["PATH"])
    assert program
    with (folder / "log.txt").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            [program, *launch.command[1:]],
            cwd=folder,
            env=launch.settings,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while True:
            try:
                answer = image.answer(launch.url)
                break
            except httpx.HTTPError as problem:
                if process.poll() is not None or time.perf_counter() - began > 180:
                    text = (folder / "log.txt").read_text()
                    raise SystemExit(f"{side.name} did not start:\n{text}") from problem
                time.sleep(0.02)
        yield time.perf_counter() - began, process.pid, answer
    finally:
        kill(process)


def settle(pid: int) -> None:
    """Wait until a server computes next to nothing for a second."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, ProcessLookupError):  # one of its processes has ended
            before = cpu_seconds(pid)
            time.sleep(1)
            if cpu_seconds(pid) - before < 0.15:
                return
    raise SystemExit("a server is still busy a minute after its first answer")


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a server and all that it has started."""
    for pid in list(family(process.pid)) if process.poll() is None else []:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def evict(folder: Path) -> None:
    """Take the files of a folder out of the page cache."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


class Bytes(RawIOBase):
    """Counts what is written."""

    count = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:  # noqa: ANN401
        self.count += len(content)
        return len(content)


def weigh(folder: Path) -> tuple[float, float]:
    """MB of packages on disk, and compressed as a layer is; without pip, which bases have."""

    def kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if re.search(r"site-packages/(pip|setuptools)\b", entry.name) else entry

    packed, unpacked = Bytes(), 0
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as compressed,
        tarfile.open(fileobj=compressed, mode="w|") as layer,
    ):
        layer.add(folder, "opt/venv", filter=kept)
        unpacked = sum(-(-entry.size // 4096) * 4096 for entry in layer.getmembers())
    return unpacked / 1e6, packed.count / 1e6


def compare(image: Image, folder: Path, pairs: int) -> Iterator[Comparison]:
    """Start both sides in turn, measure their memory at the end, and weigh their packages."""
    sides = [image.ours, image.theirs]
    seconds: dict[str, list[float]] = {side.name: [] for side in sides}
    mebibytes: dict[str, list[float]] = {side.name: [] for side in sides}
    answers = []
    for number in range(pairs + 1):
        for side in sides if number % 2 else reversed(sides):
            evict(side.packages)
            home = Path(tempfile.mkdtemp(dir=folder))
            with started(image, side, home) as (took, pid, answer):
                answers.append(answer)
                if number > 0:  # the first is the warm-up
                    seconds[side.name].append(took)
                if number == pairs:
                    settle(pid)
                    mebibytes[side.name].append(memory(pid))
        print(f"  {image.what}, pair {number} of {pairs}", flush=True)
    assert all(one == answers[0] for one in answers), answers
    with ThreadPoolExecutor() as pool:
        weights = list(pool.map(weigh, [side.packages for side in sides]))
    for what, unit, values, target in (
        ("first answer", "s", seconds.values(), 2),
        ("memory", "MiB", mebibytes.values(), 3),
        ("on disk", "MB", ([one[0]] for one in weights), 3),
        ("to download", "MB", ([one[1]] for one in weights), 3),
    ):
        both = list(values)
        yield Comparison(
            f"{image.what}, {what}",
            image.theirs.name,
            unit,
            *both,
            moreIsBetter=False,
            target=target,
        )


def main() -> None:
    """Measure in pairs and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=json.loads, required=True, help="of each environment")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--images", nargs="*", choices=IMAGES, default=list(IMAGES))
    options = parser.parse_args()
    os.sync()  # what has not been written cannot be evicted
    found: list[Comparison] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("registry", "served"):
            (folder / name).mkdir()
        registry = processes.tracking_server(folder / "registry")
        stack.callback(registry.stop)
        registry.start()
        models = Models(registry.url, MODEL)
        models.promote(models.add(linear()))
        served = processes.model_server(folder / "served", registry.url, MODEL)
        stack.callback(served.stop)
        served.start()
        setting = Setting(
            {name: Path(python) for name, python in options.python.items()},
            folder,
            stack.enter_context(httpx.Client(timeout=60)),
            registry.url,
            served.url,
        )
        for name in options.images:
            with IMAGES[name](setting) as image:
                found += compare(image, folder, options.pairs)
    about = {"mlflow": version("mlflow"), "python": platform.python_version(), "notes": NOTES}
    keep("image_footprint", "Images", found, about)


if __name__ == "__main__":
    main()
