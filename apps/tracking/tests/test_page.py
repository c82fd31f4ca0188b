"""MLflow's own web page, as its server hands it out."""

from pathlib import Path

import mlflow.server
from server import USERS, Server


def test_the_page_opens_in_the_view_for_models_until_a_user_chooses(server: Server) -> None:
    with server.client(USERS["notebook"]) as client:
        page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    choice = page.text.index(
        "localStorage.setItem('mlflow.workflowType_v1', '\"machine_learning\"')"
    )
    assert choice < page.text.index("main.")
    with server.client() as anonymous:
        assert anonymous.get("/").status_code == 401


def test_the_pages_program_still_reads_the_choices_from_those_places() -> None:
    scripts = Path(mlflow.server.__file__).parent.glob("js/build/static/js/main.*.js")
    program = "".join(script.read_text() for script in scripts)
    assert 'key:"mlflow.workflowType",version:1' in program
    assert 'MACHINE_LEARNING="machine_learning"' in program
    assert 'key:"mlflow.assistant.fab.autoOpenedOnFirstLoad",version:1' in program
