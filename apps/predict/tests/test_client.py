import socket
import threading

import pytest
from prediction_app import client
from prediction_app.client import ModelServer, NoModelError, RefusedError, ServerAwayError
from prediction_app.model import Column
from stub import DIABETES, StubModelServer

COLUMNS = (Column("age", "long"), Column("note", "string", required=False))


def test_describes_the_model(server: StubModelServer) -> None:
    model = ModelServer(server.url + "/").describe()
    assert (model.name, model.version, model.alias) == ("diabetes-progression", "3", "champion")
    assert model.inputs[0] == Column("age", "long", required=True)
    assert model.examples[0]["bmi"] == 23.5
    assert model.output == "disease_progression"


def test_a_model_of_another_replica_is_the_same_model(server: StubModelServer) -> None:
    first = ModelServer(server.url).describe()
    server.model = DIABETES | {"loaded_at": "2026-11-22T16:00:00+00:00"}
    assert ModelServer(server.url).describe() == first


def test_predicts_and_says_which_version_answered(server: StubModelServer) -> None:
    answer = ModelServer(server.url).predict(COLUMNS, [{"age": 50}, {"age": 60}])
    assert (answer.values, answer.version) == ([50.0, 60.0], "3")
    assert server.requests == [{"columns": ["age"], "data": [[50], [60]]}]


def test_a_missing_value_among_others_is_sent_as_null(server: StubModelServer) -> None:
    ModelServer(server.url).predict(COLUMNS, [{"age": 50}, {"age": 60, "note": "x"}])
    assert server.requests[0]["data"] == [[50, None], [60, "x"]]


def test_no_model(server: StubModelServer) -> None:
    server.model = None
    with pytest.raises(NoModelError, match="has the alias champion"):
        ModelServer(server.url).describe()


def test_a_refusal_carries_the_reason(server: StubModelServer) -> None:
    server.refusal = "Column 'age': a whole number is required"
    with pytest.raises(RefusedError, match="a whole number is required"):
        ModelServer(server.url).predict(COLUMNS, [{"age": 50}])


def test_a_server_that_is_away(server: StubModelServer) -> None:
    server.stop()
    with pytest.raises(ServerAwayError, match="cannot be reached"):
        ModelServer(server.url).describe()


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_a_slow_server_is_reported_and_called_once(
    begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_DESCRIBE_SECONDS", 0.2)
    visitors: list[socket.socket] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                visitor, _ = listener.accept()
            except OSError:
                return
            visitors.append(visitor)
            visitor.sendall(begin)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        with pytest.raises(ServerAwayError, match="did not answer in time"):
            ModelServer(f"http://127.0.0.1:{listener.getsockname()[1]}").describe()
        listener.shutdown(socket.SHUT_RDWR)
    assert len(visitors) == 1
    visitors[0].close()


def test_an_answer_of_another_program_is_not_taken_for_a_model(server: StubModelServer) -> None:
    server.model = {"hello": "world", "version": "1"}
    with pytest.raises(ServerAwayError, match="did not return the answer of a model server"):
        ModelServer(server.url).describe()
