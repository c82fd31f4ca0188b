"""The notebook, run as a person would: a tracking server, a model server, and `.env`."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from conftest import free_port, stop, wait_healthy
from mlflow import MlflowClient
from nbclient import NotebookClient

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


def test_the_notebook_takes_a_model_from_training_to_a_served_prediction(
    credentials: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("fastapi")
    port, metrics_port = free_port(), free_port()
    model = {"MODEL_NAME": "from-the-notebook", "MODEL_ALIAS": "champion"}
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
    try:
        wait_healthy(f"http://127.0.0.1:{port}/health", server)
        settings = credentials | model
        settings["EXPERIMENT_NAME"] = "from-the-notebook"
        settings["MODEL_SERVING_URL"] = f"http://127.0.0.1:{port}"
        env_file = tmp_path / ".env"
        env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        # The kernel knows nothing but that file.
        bare = {name: value for name, value in os.environ.items() if name not in settings}

        notebook = nbformat.read(NOTEBOOK, as_version=4)
        resources = {"metadata": {"path": NOTEBOOK.parent}}
        client = NotebookClient(notebook, timeout=600, resources=resources)
        client.execute(env=bare | {"MLOPS_ENV_FILE": str(env_file)})
    finally:
        stop(server)

    printed = "".join(
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stdout"
    )
    assert "from-the-notebook version 1 predicts" in printed
    assert any("image/png" in output.get("data", {}) for output in _outputs(notebook))
    holder = MlflowClient().get_model_version_by_alias("from-the-notebook", "champion")
    assert holder.version == "1"


def _outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]
