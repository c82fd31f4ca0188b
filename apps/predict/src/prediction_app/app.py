"""The server of the page: Streamlit's, with metrics on another port. `streamlit run` starts it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from prometheus_client import start_http_server
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from prediction_app import metrics
from prediction_app.listing import listed
from prediction_app.picker import shown
from prediction_app.uploads import UploadGate


class Visitors:
    """Hides Streamlit's own metrics from visitors of the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on all requests except those for metrics."""
        if scope["type"] == "http" and scope["path"].endswith("/_stcore/metrics"):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@asynccontextmanager
async def serve_metrics(_: st.App) -> AsyncIterator[None]:
    """Answers Prometheus while the page is served; network policies let no other client in."""
    metrics.sessions.follow(lambda: listed().now())
    port = int(os.environ.get("METRICS_PORT") or 9464)
    server, _thread = start_http_server(port, registry=metrics.REGISTRY)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def count_error(_: Exception) -> None:
    """Counts only; Streamlit shows the error to the visitor and logs it."""
    metrics.run_errors.labels(shown()).inc()


app = st.App(
    Path(__file__).with_name("page.py"),
    lifespan=serve_metrics,
    middleware=[Middleware(Visitors), Middleware(UploadGate)],
    on_script_error=count_error,
)
