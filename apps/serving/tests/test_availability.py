"""An ordinary client gets its prediction within a second, whatever other clients do."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from conftest import Serving
from mlflow.models import infer_signature
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from models import EXAMPLE, Models
from processes import Server, model_server, until
from python_models import Moody

Connect = Callable[[], socket.socket]
ROW = EXAMPLE.iloc[0].to_dict()
ORDINARY = {"dataframe_records": [ROW]}
HANGING = {"dataframe_records": [{**ROW, "age": Moody.HANGS}]}
LONG_ANSWER = {"dataframe_records": [{**ROW, "age": Moody.TALKS}]}
LARGEST = 10 * 1024 * 1024
TIMEOUT = 3
HEADER = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
BODY = HEADER + b"Content-Length: 1000\r\n\r\n{"
SIGNATURE = infer_signature(EXAMPLE, [1.0])


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate") / "gate"


@pytest.fixture(scope="module")
def models(tracking: Server, gate: Path) -> Models:
    models = Models(tracking.url, "available")
    models.promote(models.add_python(Moody(gate), signature=SIGNATURE))
    # Both ends of every connection are ours.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    return models


@pytest.fixture(scope="module")
def serving(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server with its defaults, one for all tests: none of them harms it."""
    with running(tmp_path_factory.mktemp("server"), models) as serving:
        yield serving


@pytest.fixture
def impatient(models: Models, tmp_path: Path) -> Iterator[Serving]:
    """A server with a short deadline for predictions."""
    with running(tmp_path, models, PREDICTION_TIMEOUT_SECONDS=str(TIMEOUT)) as serving:
        yield serving


@contextlib.contextmanager
def running(folder: Path, models: Models, **settings: str) -> Iterator[Serving]:
    server = model_server(folder, models.uri, models.name, MODEL_ALLOW_PICKLE="true", **settings)
    server.start()
    serving = Serving(server)
    serving.wait_for("1")
    yield serving
    server.stop()


@pytest.fixture
def connect(serving: Serving) -> Iterator[Connect]:
    """Opens connections, all of which are closed in the end."""
    address = (serving.http.base_url.host, serving.http.base_url.port)
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(address))


def post(serving: Serving, document: object = ORDINARY, seconds: float = 90) -> httpx.Response:
    """A request on a connection that it does not share."""
    return httpx.post(
        serving.server.url + "/invocations", json=document, timeout=seconds, verify=False
    )


def assert_served(serving: Serving, seconds: float = 1.5) -> None:
    """A client that connects each time and one that stays connected get answers, nine in ten of
    them within a second. Not one fails; but a busy machine gets three rounds for it."""
    slow = [slowest_but_one_in_ten(serving, seconds)]
    while slow[-1] >= 1 and len(slow) < 3:
        slow.append(slowest_but_one_in_ten(serving, seconds))
    assert slow[-1] < 1, slow
    assert serving.http.get("/health", timeout=5).status_code == 200


def slowest_but_one_in_ten(serving: Serving, seconds: float) -> float:
    took = []
    end = time.monotonic() + seconds
    with httpx.Client(base_url=serving.server.url, timeout=30) as staying:
        while not took or time.monotonic() < end:
            answers = post(serving), staying.post("/invocations", json=ORDINARY)
            assert [answer.json() for answer in answers] == [{"predictions": [1.0]}] * 2
            took += [answer.elapsed.total_seconds() for answer in answers]
            time.sleep(0.05)
    return sorted(took)[len(took) * 9 // 10]


def filled(before: str, item: str, after: str) -> bytes:
    """The largest body that repeats an item."""
    times = (LARGEST - len(before) - len(after)) // (len(item) + 1)
    return (before + ",".join([item] * times) + after).encode()


LARGE_BODIES = {
    "empty records": (filled('{"dataframe_records": [', "{}", "]}"), "application/json"),
    "nested lists": (filled('{"instances": [', "[[[[]]]]", "]}"), "application/json"),
    "numbers": (filled('{"inputs": {"age": [', "1.5", "]}}"), "application/json"),
    "good rows": (
        filled(
            f'{{"dataframe_split": {{"columns": {json.dumps(list(ROW))}, "data": [',
            json.dumps(list(ROW.values())),
            "]}}",
        ),
        "application/json",
    ),
    "wide CSV": (filled("", "a", "\n1\n"), "text/csv"),
}
# The others take seconds each, one after the other.
TEN_AT_ONCE = ("good rows", "wide CSV")


@pytest.mark.parametrize("count", [128, 2000])
@pytest.mark.parametrize("start", [b"", HEADER, BODY], ids=["silence", "header", "body"])
def test_connections_without_a_complete_request(
    serving: Serving, connect: Connect, start: bytes, count: int
) -> None:
    for _ in range(count):
        with contextlib.suppress(OSError):  # the server gives up the oldest ones
            connect().sendall(start)
    assert_served(serving)
    assert sockets_of(serving.server) < 700


def test_connections_that_never_complete_a_request_are_closed(
    serving: Serving, connect: Connect
) -> None:
    """The first of each kind is silent after its start, the others send a byte now and then."""
    starts = [(b"", b"\r\n"), (HEADER + b"X: ", b"x"), (BODY, b" ")]
    silent = [connect() for _ in starts]
    dripping = [connect() for _ in starts]
    for slow, (start, _) in zip([*silent, *dripping], starts * 2, strict=True):
        slow.sendall(start)

    def drip() -> None:
        for slow, (_, more) in zip(dripping, starts, strict=True):
            with contextlib.suppress(OSError):
                slow.sendall(more)

    with ThreadPoolExecutor(6) as watching, repeatedly(drip):
        started = time.monotonic()
        ends = watching.map(lambda client: closed_after(client, started), [*silent, *dripping])
        assert_served(serving)
        silence, header, body, drips, long_header, long_body = ends
    assert all(9 < seconds < 20 for seconds in (silence, header, drips, long_header))
    assert all(29 < seconds < 40 for seconds in (body, long_body))


def test_answers_that_are_not_read(serving: Serving, connect: Connect) -> None:
    """Each of them is 8 MB; all together would be 800."""
    before = memory_of(serving.server)
    body = json.dumps(LONG_ANSWER).encode()
    for _ in range(100):
        reader = connect()
        reader.sendall(HEADER + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert reader.recv(12) == b"HTTP/1.1 200"
    assert memory_of(serving.server) < before + 400 * 1024 * 1024
    assert_served(serving)
    until(lambda: sockets_of(serving.server) < 15, "no connection is left open", 60)
    assert len(post(serving, LONG_ANSWER).json()["predictions"][0]) == 8_000_000


def test_an_answer_that_is_read_slowly_arrives(serving: Serving, connect: Connect) -> None:
    reader = connect()
    body = json.dumps(LONG_ANSWER).encode()
    reader.sendall(HEADER + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    received = 0
    while received < 8_000_000:
        received += len(reader.recv(400_000))
        time.sleep(0.2)


@pytest.mark.parametrize("name", LARGE_BODIES)
def test_many_of_the_largest_requests_at_once(serving: Serving, name: str) -> None:
    content, media_type = LARGE_BODIES[name]

    def send() -> int:
        headers = {"Content-Type": media_type}
        url = serving.server.url + "/invocations"
        return httpx.post(url, content=content, headers=headers, timeout=120).status_code

    with ThreadPoolExecutor(10) as clients:
        answers = [clients.submit(send) for _ in range(10 if name in TEN_AT_ONCE else 3)]
        assert_served(serving, 2)
        statuses = {answer.result() for answer in answers}
    assert statuses == ({200} if name == "good rows" else {400})
    assert_served(serving, 0.1)


@pytest.mark.parametrize("field", [b"X: %b\r\n", b"%b: x\r\n", b"X: x\r\n" * 5000 + b"%b"])
def test_a_header_without_end_is_refused(connect: Connect, field: bytes) -> None:
    client = connect()
    with contextlib.suppress(OSError):
        client.sendall(HEADER + field % (b"x" * 300_000))
    assert client.recv(100).startswith(b"HTTP/1.1 431 ")


def test_trailers_without_end_end_the_connection(serving: Serving, connect: Connect) -> None:
    client = connect()
    client.sendall(HEADER + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n")
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            client.sendall(b"X: x\r\n" * 1000)
    assert closed_after(client, time.monotonic()) < 9
    assert_served(serving, 0.1)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_predictions_that_hang(serving: Serving, gate: Path, count: int) -> None:
    gate.touch()
    with ThreadPoolExecutor(count) as clients:
        hanging = [clients.submit(post, serving, HANGING) for _ in range(count)]
        assert_served(serving)
        gate.unlink()
        assert [answer.result().status_code for answer in hanging] == [200] * count


def test_a_prediction_that_hangs_is_answered_with_a_reason(impatient: Serving, gate: Path) -> None:
    gate.touch()
    late = post(impatient, HANGING)
    assert late.status_code == 504
    assert late.json() == {"detail": f"Version 1 did not answer within {TIMEOUT} s."}
    assert late.headers["X-Model-Version"] == "1"
    assert impatient.metric("model_predictions_overdue") == 1
    assert_served(impatient, 0.1)
    gate.unlink()
    until(lambda: impatient.metric("model_predictions_overdue") == 0, "its thread is free again")


def test_health_fails_once_no_thread_can_answer(impatient: Serving, gate: Path) -> None:
    gate.touch()
    with ThreadPoolExecutor(9) as clients:
        hanging = [clients.submit(post, impatient, HANGING) for _ in range(9)]
        time.sleep(TIMEOUT / 2)
        assert impatient.http.get("/health").status_code == 200, "busy is not stuck"
        statuses = sorted(answer.result().status_code for answer in hanging)
    assert statuses == [503] + [504] * 8
    for path in ("/health", "/ready"):
        stuck = impatient.http.get(path)
        assert stuck.status_code == 503
        assert f"running for more than {TIMEOUT} s" in stuck.json()["detail"]
    gate.unlink()
    until(lambda: impatient.http.get("/health").status_code == 200, "the threads are free again")
    assert_served(impatient, 0.1)


def test_a_large_request_that_hangs_holds_up_no_other_large_one(
    impatient: Serving, gate: Path
) -> None:
    gate.touch()
    padding = " " * 100_000
    assert post(impatient, {**HANGING, "padding": padding}).status_code == 504
    assert post(impatient, {**ORDINARY, "padding": padding}).status_code == 200
    assert impatient.http.get("/health").status_code == 200
    gate.unlink()


def test_ping_is_mlflows_own(serving: Serving) -> None:
    client = ScoringServerClient("127.0.0.1", serving.http.base_url.port)
    client.wait_server_ready(timeout=5)
    assert client.invoke(EXAMPLE).get_predictions().to_dict("list") == {0: [1.0, 1.0, 1.0]}


@contextlib.contextmanager
def repeatedly(action: Callable[[], None]) -> Iterator[None]:
    """Do something again and again in another thread."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.2):
            action()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def closed_after(client: socket.socket, started: float) -> float:
    """When the server closes the connection, in seconds since the start."""
    client.settimeout(60)
    with contextlib.suppress(ConnectionError):
        while client.recv(1000):
            pass
    return time.monotonic() - started


def sockets_of(server: Server) -> int:
    links = []
    for descriptor in Path(f"/proc/{server.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(str(descriptor.readlink()))
    return sum(link.startswith("socket:") for link in links)


def memory_of(server: Server) -> int:
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()
