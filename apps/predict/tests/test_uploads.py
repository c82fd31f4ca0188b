"""Uploads that do not fit the memory are turned away before they are read."""

import asyncio
from collections.abc import Callable

import pytest
from prediction_app import uploads
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

MEGABYTE = 2**20
ADDRESS = "/_stcore/upload_file/session/file"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the files that visitors have open."""
    sizes: list[int] = []
    monkeypatch.setattr(uploads, "_uploaded", lambda: sum(sizes))
    monkeypatch.setattr(uploads, "most_of_one", lambda: 20)
    return sizes


@pytest.fixture
def client(held: list[int]) -> TestClient:
    async def put(request: Request) -> Response:
        held.append(len(await request.body()))
        return Response(status_code=204)

    async def delete(_: Request) -> Response:
        held.pop()
        return Response(status_code=204)

    address = "/_stcore/upload_file/{session}/{file}"
    routes = [
        Route(address, put, methods=["PUT"]),
        Route(address, delete, methods=["DELETE"]),
        Route("/", lambda _: Response("page")),
    ]
    return TestClient(uploads.UploadGate(Starlette(routes=routes)))


def test_uploads_are_let_in_until_the_memory_is_full_and_again_when_there_is_room(
    client: TestClient, held: list[int]
) -> None:
    large = b"x" * (20 * MEGABYTE)
    assert [client.put(ADDRESS, content=large).status_code for _ in range(5)] == [204] * 4 + [503]
    assert sum(held) == uploads.MOST_OF_ALL
    assert client.get("/").text == "page"
    assert client.delete(ADDRESS).status_code == 204
    assert client.put(ADDRESS, content=b"age\n1\n").status_code == 204


@pytest.mark.parametrize("headers", [{}, {"content-length": "-1"}, {"content-length": "9" * 30}])
def test_an_upload_of_unknown_size_counts_as_the_largest(
    client: TestClient, held: list[int], headers: dict[str, str]
) -> None:
    held.append(uploads.MOST_OF_ALL - 20 * MEGABYTE + 1)
    assert client.put(ADDRESS, content=iter([b"x"]), headers=headers).status_code == 503


def test_uploads_in_progress_count(held: list[int]) -> None:
    statuses: list[int] = []

    async def attempts() -> None:
        arrived = asyncio.Event()

        async def slow(scope: dict, receive: Callable, send: Callable) -> None:
            await arrived.wait()
            statuses.append(204)

        async def send(message: dict) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        length = str(20 * MEGABYTE).encode()
        scope = {
            "type": "http",
            "method": "PUT",
            "path": ADDRESS,
            "headers": [(b"content-length", length)],
        }
        gate = uploads.UploadGate(slow)
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(gate(scope, asyncio.Event().wait, send))
            await asyncio.sleep(0)
            arrived.set()

    asyncio.run(attempts())
    assert sorted(statuses) == [204] * 4 + [503]
