"""Uploads, and how many of them fit the memory of the pod.

Streamlit keeps an upload in memory until its visitor removes it or leaves the page.
"""

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.runtime.stats import CACHE_MEMORY_FAMILY

_MEGABYTE = 2**20
MOST_OF_ALL = 80 * _MEGABYTE
_SECONDS = 300


def most_of_one() -> int:
    """Megabytes that a file may have."""
    return int(config.get_option("server.maxUploadSize"))


def full() -> bool:
    """Whether another upload of the largest size would be turned away."""
    return runtime.exists() and _uploaded() + most_of_one() * _MEGABYTE > MOST_OF_ALL


class UploadGate:
    """Accepts only uploads that fit the memory; others get a 503 before they are read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._arriving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on all requests except uploads that do not fit."""
        if scope["type"] != "http" or "/_stcore/upload_file/" not in scope["path"]:
            await self._app(scope, receive, send)
            return
        size = _announced(scope)
        if self._arriving + size + _uploaded() > MOST_OF_ALL:
            await PlainTextResponse("Too many files are open; try again later.", 503)(
                scope, receive, send
            )
            return
        self._arriving += size
        try:
            async with asyncio.timeout(_SECONDS):
                await self._app(scope, receive, send)
        finally:
            self._arriving -= size


def _announced(scope: Scope) -> int:
    """Bytes of the body; the most that Streamlit takes if the length is not given."""
    if scope["method"] != "PUT":
        return 0
    most = most_of_one() * _MEGABYTE
    length = dict(scope["headers"]).get(b"content-length", b"")
    return min(int(length), most) if length.isdigit() else most


def _uploaded() -> int:
    files = runtime.get_instance().uploaded_file_mgr
    stats = files.get_stats().get(CACHE_MEMORY_FAMILY, [])
    return sum(stat.byte_length for stat in stats)
