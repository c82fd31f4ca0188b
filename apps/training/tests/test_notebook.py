"""The notebook, run as a person would: a tracking server, a model server, and `.env`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from conftest import EXAMPLE, free_port, stop, wait_healthy
from mlflow import MlflowClient

ROOT = Path(__file__).parents[3]
NOTEBOOK = ROOT / "notebooks" / "train-and-promote.ipynb"


def test_the_notebook_and_its_script_are_the_same() -> None:
    notebook = jupytext.read(NOTEBOOK)
    script = jupytext.read(NOTEBOOK.with_suffix(".py"))
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [
        (cell.cell_type, cell.source) for cell in script.cells
    ]


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []


def commands() -> list[list[str]]:
    """Every line of README's shell blocks, in the tests' own environment in place of .venv."""
    readme = (NOTEBOOK.parent / "README.md").read_text()
    lines = "".join(re.findall(r"^```sh\n(.*?)^```$", readme, re.M | re.S)).splitlines()
    return [line.replace(".venv/bin/", f"{Path(sys.executable).parent}/").split() for line in lines]


def command(program: str) -> list[str]:
    """The one command of README that runs this program."""
    [found] = [words for words in commands() if program in " ".join(words)]
    return found


def test_what_readme_installs_is_complete_and_locked() -> None:
    # The environment of the tests is made of these files, so there is nothing to download.
    words = command("pip install")
    done = subprocess.run(
        [*words, "--require-hashes", "--dry-run", "--no-index"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout
    for run in ("jupyter lab", "jupytext"):
        program = command(run)[: len(run.split())]
        subprocess.run([*program, "--version"], cwd=ROOT, check=True)


def test_the_notebook_takes_a_model_from_training_to_a_served_prediction(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("fastapi")
    port, metrics_port = free_port(), free_port()
    model = {"MODEL_NAME": EXAMPLE.name, "MODEL_ALIAS": "from-the-notebook"}
    server = subprocess.Popen(
        [sys.executable, "-m", "model_server"],
        env=os.environ
        | credentials
        | model
        | {
            "PYTHONPATH": str(ROOT / "apps" / "serving" / "src"),
            "PORT": str(port),
            "METRICS_PORT": str(metrics_port),
        },
    )
    executed = NOTEBOOK.with_name("executed.ipynb")
    try:
        wait_healthy(f"http://127.0.0.1:{port}/health", server)
        settings = credentials | model
        settings["MODEL_SERVING_URL"] = f"http://127.0.0.1:{port}"
        env_file = tmp_path / ".env"
        env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        # The kernel knows nothing but that file.
        bare = {name: value for name, value in os.environ.items() if name not in settings}
        subprocess.run(
            command("jupyter execute"),
            cwd=ROOT,
            env=bare | {"MLOPS_ENV_FILE": str(env_file)},
            check=True,
        )
        notebook = nbformat.read(executed, as_version=4)
    finally:
        executed.unlink(missing_ok=True)
        stop(server)

    printed = "".join(
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stdout"
    )
    holder = MlflowClient().get_model_version_by_alias(EXAMPLE.name, model["MODEL_ALIAS"])
    assert f"{EXAMPLE.name} version {holder.version} predicts" in printed
    assert any("image/png" in output.get("data", {}) for output in _outputs(notebook))


def _outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]
