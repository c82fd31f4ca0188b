"""Counts the requests of the whole server, the refused ones and the artifacts included.

MLflow's own exporter sees only what reaches its Flask application: no upload or download of an
artifact, no request of an unlisted host; it does not tell one route from another, and it answers
on the port that every client reaches. Two of the metrics here keep its names.
"""

import re
import time
from functools import lru_cache

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

# Kubernetes and the metrics command ask these every few seconds.
_PROBES = frozenset({"/health", "/version"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The name of a parameter in `<path:name>` of Flask and `{name:path}` of FastAPI.
_PARAMETER = re.compile(r"<(?:[^<>:]+:)?(\w+)>|\{(\w+)(?::\w+)?\}")

_REQUESTS = Counter(
    "mlflow_http_request",
    "Answered HTTP requests; paths that MLflow does not have count as the route `other`.",
    ["method", "route", "status"],
)
_SECONDS = Histogram(
    "mlflow_http_request_duration_seconds",
    "Time from the head of a request to the end of its answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)


class Routes:
    """Names a request by the template of its path, so that no id of a run becomes a label."""

    def __init__(self, flask_routes: Map) -> None:
        self._flask = flask_routes.bind("localhost")

    def template(self, scope: Scope) -> str:
        """The template that the path matches, `other` if none does."""
        try:
            # First, because the artifact routes are also there, and are known before the login.
            rule, _ = self._flask.match(scope["path"], scope["method"], return_rule=True)
        except HTTPException:
            # The router of FastAPI leaves here what it chose.
            return _spelt(getattr(scope.get("route"), "path", "other"))
        return _spelt(rule.rule)


class CountRequests:
    """An application around another one that counts and times what the inner one answers."""

    def __init__(self, app: ASGIApp, routes: Routes) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        status = 500  # of a failure before the answer began

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, note_status)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = self._routes.template(scope)
            _REQUESTS.labels(method, route, status).inc()
            _SECONDS.labels(method, route).observe(time.perf_counter() - started)


@lru_cache(maxsize=2000)
def _spelt(template: str) -> str:
    return _PARAMETER.sub(lambda found: f"{{{found[1] or found[2]}}}", template)
