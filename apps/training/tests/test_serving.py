import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import free_port
from data import load_data

from training import TrainingError, predict, wait_until_served


class ModelServer(ThreadingHTTPServer):
    """Speaks as much of the model server's contract as its clients here need."""

    answers: list[tuple[int, dict]]
    posts_while_loading = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_GET(self) -> None:
        answers = self.server.answers
        self._reply(*(answers.pop(0) if len(answers) > 1 else answers[0]))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.posts_while_loading > 0:
            self.server.posts_while_loading -= 1
            return self._reply(503, {"detail": "it is still loading"})
        rows = body["dataframe_split"]["data"]
        self._reply(200, {"predictions": [row[0] * 2.0 for row in rows]})

    def _reply(self, status: int, body: dict) -> None:
        self.send_response(status)
        self.send_header("X-Model-Version", "7")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ModelServer]:
    server = ModelServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()


def test_waits_through_no_model_and_the_old_version(server: ModelServer) -> None:
    server.answers = [
        (503, {"detail": "no version has the alias champion yet"}),
        (200, {"version": "1"}),
        (200, {"version": "2", "name": "m"}),
    ]
    assert wait_until_served(server.url, 2, timeout=10)["name"] == "m"


def test_says_which_version_it_saw_and_why_the_other_did_not_load(server: ModelServer) -> None:
    server.answers = [(200, {"version": "1", "load_error": {"version": "2", "reason": "bad file"}})]
    with pytest.raises(TrainingError) as caught:
        wait_until_served(server.url, "2", timeout=0)
    assert "serves version 1 and could not load version 2: bad file" in str(caught.value)


def test_says_why_the_alias_cannot_be_followed(server: ModelServer) -> None:
    fault = {"version": None, "reason": "no model m is registered in MLflow"}
    server.answers = [(200, {"version": "1", "load_error": fault})]
    with pytest.raises(TrainingError, match=r"and cannot follow the alias: no model m is regist"):
        wait_until_served(server.url, "2", timeout=0)


def test_says_that_the_server_is_away() -> None:
    with pytest.raises(TrainingError, match="it cannot be reached"):
        wait_until_served(f"http://127.0.0.1:{free_port()}", "2", timeout=0)


def test_predicts_through_the_server(server: ModelServer) -> None:
    rows = load_data().x_test.head(2)
    predictions, version = predict(server.url, rows)
    assert predictions == [age * 2.0 for age in rows["age"]]
    assert version == "7"


def test_asks_again_while_one_of_several_servers_still_loads(server: ModelServer) -> None:
    server.posts_while_loading = 1
    predictions, _ = predict(server.url, load_data().x_test.head(1))
    assert len(predictions) == 1


def test_says_what_is_loading_when_it_takes_too_long(server: ModelServer) -> None:
    server.posts_while_loading = 1
    with pytest.raises(TrainingError, match="refused to predict: it is still loading"):
        predict(server.url, load_data().x_test.head(1), timeout=0)


def test_says_that_nobody_predicts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = load_data().x_test.head(1)
    away = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TrainingError, match=f"the model server at {away} cannot be reached"):
        predict(away, rows)
    monkeypatch.setattr("training.serving._ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TrainingError, match=r"did not answer within 0\.2 s"):
            predict(url, rows)
