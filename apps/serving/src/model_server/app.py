"""The HTTP application: routes, what happens at start and stop, request counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mlflow
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_server import __version__
from model_server.follower import Follower
from model_server.invocations import Invocations, RefusalError, ask_mlflow, error_response
from model_server.loader import Loader
from model_server.metrics import Metrics
from model_server.open_inference import open_inference_routes, refused
from model_server.registry import Registry
from model_server.routes import get, post
from model_server.settings import Settings


def create_app(settings: Settings, metrics: Metrics) -> Starlette:
    """The application; its follower starts and stops with it."""
    registry = Registry(settings.tracking_uri, settings.model_name, settings.model_alias)
    follower = Follower(registry, Loader(registry, settings), metrics, settings)
    invocations = Invocations(follower, metrics, settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        following = asyncio.create_task(follower.run())
        yield
        following.cancel()
        follower.close()
        invocations.close()

    async def invoke(request: Request) -> Response:
        return await invocations(request, ask_mlflow)

    async def model(_: Request) -> Response:
        if follower.current is None:
            return error_response(503, follower.why_no_model())
        return JSONResponse(describe(follower, settings))

    async def ping(_: Request) -> Response:  # as MLflow's own server answers its client
        status = 404 if follower.current is None else 200
        return Response("\n", status, media_type="application/json")

    async def health(_: Request) -> Response:
        if stuck := invocations.why_stuck():
            return error_response(503, stuck)
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        if stuck := invocations.why_stuck():
            return error_response(503, stuck)
        if not follower.ready:
            return error_response(503, follower.why_no_model())
        loaded = follower.current
        served = loaded.version.version if loaded else None
        return JSONResponse({"status": "ok", "model_version": served})

    async def version(_: Request) -> Response:
        return JSONResponse({"mlflow": mlflow.__version__, "model_server": __version__})

    return Starlette(
        routes=[
            post("/invocations", invoke),  # first, because the router tries the routes in order
            get("/model", model),
            get("/ping", ping),
            get("/health", health),
            get("/ready", ready),
            get("/version", version),
            *open_inference_routes(follower, invocations),
        ],
        middleware=[Middleware(CountRequests, metrics=metrics)],
        exception_handlers={HTTPException: _http_error, RefusalError: refused},
        lifespan=lifespan,
    )


async def _http_error(_: Request, error: HTTPException) -> Response:
    response = error_response(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


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
    """Counts answers by route. A path that is not served must not become a separate label."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("route", "other")  # which the router adds
                self._metrics.http_requests.labels(route, message["status"]).inc()
            await send(message)

        await self._app(scope, receive, counted)
