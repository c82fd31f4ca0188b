"""The HTTP application: routes, what happens at start and stop, request counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mlflow
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_server import __version__
from model_server.follower import Follower
from model_server.invocations import Invocations, ask_mlflow, error_response
from model_server.loader import Loader
from model_server.metrics import Metrics
from model_server.open_inference import add_open_inference
from model_server.registry import Registry
from model_server.settings import Settings


def create_app(settings: Settings, metrics: Metrics) -> FastAPI:
    """The application; its follower starts and stops with it."""
    registry = Registry(settings.tracking_uri, settings.model_name, settings.model_alias)
    follower = Follower(registry, Loader(registry, settings), metrics, settings)
    invocations = Invocations(follower, metrics, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(follower.run())
        yield
        following.cancel()
        follower.close()
        invocations.close()

    # No interactive pages: they would load scripts from the internet.
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(CountRequests, metrics=metrics)

    @app.post("/invocations")
    async def invoke(request: Request) -> Response:
        return await invocations(request, ask_mlflow)

    @app.get("/model", response_model=None)
    async def model() -> Response | dict[str, Any]:
        if follower.current is None:
            return error_response(503, follower.why_no_model())
        return describe(follower, settings)

    @app.get("/ping")
    async def ping() -> Response:  # as MLflow's own server answers its client
        return Response(
            "\n", 404 if follower.current is None else 200, media_type="application/json"
        )

    @app.get("/health", response_model=None)
    async def health() -> Response | dict[str, str]:
        if stuck := invocations.why_stuck():
            return error_response(503, stuck)
        return {"status": "ok"}

    @app.get("/ready", response_model=None)
    async def ready() -> Response | dict[str, str | None]:
        if stuck := invocations.why_stuck():
            return error_response(503, stuck)
        if not follower.ready:
            return error_response(503, follower.why_no_model())
        loaded = follower.current
        return {"status": "ok", "model_version": loaded.version.version if loaded else None}

    @app.get("/version")
    async def version() -> dict[str, str]:
        return {"mlflow": mlflow.__version__, "model_server": __version__}

    add_open_inference(app, follower, invocations)

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> Response:
        response = error_response(error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    return app


def describe(follower: Follower, settings: Settings) -> dict[str, Any]:
    """The body of GET /model."""
    loaded, problem = follower.current, follower.problem
    assert loaded is not None
    return {
        "name": loaded.version.name,
        "version": loaded.version.version,
        "alias": settings.model_alias,
        "run_id": loaded.version.run_id,
        **loaded.description,
        "loaded_at": loaded.loaded_at.isoformat(timespec="seconds"),
        "load_error": problem
        and {
            "version": problem.version,
            "state": problem.state,
            "reason": problem.reason,
            "at": problem.at.isoformat(timespec="seconds"),
        },
    }


class CountRequests:
    """Counts answers by route. A path nobody serves must not become a label of its own."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = scope.get("route")  # which the router adds
                route = "other" if found is None else found.path
                self._metrics.http_requests.labels(route, message["status"]).inc()
            await send(message)

        await self._app(scope, receive, counted)
