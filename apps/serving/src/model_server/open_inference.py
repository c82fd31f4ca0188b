"""The Open Inference Protocol over HTTP, version 2: what clients of KServe, Triton and MLServer
speak. Its tensors are in inference_tensors.py."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from model_server import __version__
from model_server.follower import Follower
from model_server.inference_tensors import HEAD_LENGTH, answer, datatype
from model_server.invocations import (
    Ask,
    Invocations,
    RefusalError,
    error_response,
    media_type_of,
    refuse_encoding,
)
from model_server.loaded_model import LoadedModel
from model_server.routes import get, post
from model_server.wording import quoted, shown

_ERROR = "error"
"""What the protocol calls the reason in an error."""


def open_inference_routes(follower: Follower, invocations: Invocations) -> list[Route]:
    """The routes of the protocol."""

    def refuse_stuck() -> None:
        if stuck := invocations.why_stuck():
            raise RefusalError(503, stuck)

    def loaded() -> LoadedModel:
        refuse_stuck()
        if follower.current is None:
            raise RefusalError(503, follower.why_no_model())
        return follower.current

    def asked_for(request: Request) -> LoadedModel:
        model = loaded()
        _refuse_other(request, model)
        return model

    async def server(_: Request) -> Response:
        extensions = ["binary_tensor_data"]
        return JSONResponse(
            {"name": "model_server", "version": __version__, "extensions": extensions}
        )

    async def live(_: Request) -> Response:
        refuse_stuck()
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        loaded()
        return JSONResponse({"ready": True})

    async def metadata(request: Request) -> Response:
        return JSONResponse(_describe(asked_for(request)))

    async def model_ready(request: Request) -> Response:
        return JSONResponse({"name": asked_for(request).version.name, "ready": True})

    async def infer(request: Request) -> Response:
        return await invocations(request, _ask, _ERROR)

    return [
        get("/v2", server),
        get("/v2/health/live", live),
        get("/v2/health/ready", ready),
        *(
            route
            for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
            for route in (
                get(path, metadata),
                get(f"{path}/ready", model_ready),
                post(f"{path}/infer", infer),
            )
        ),
    ]


async def refused(_: Request, refusal: RefusalError) -> Response:
    """The protocol's answer to a request that is refused."""
    return error_response(refusal.status, refusal.detail, _ERROR)


def _ask(request: Request, model: LoadedModel) -> Ask:
    refuse_encoding(request)
    head = request.headers.get(HEAD_LENGTH)
    if head is None and "Content-Type" in request.headers:  # Triton's client leaves it out
        media_type_of(request, ("application/json",))
    if head is not None and not (head.isascii() and head.isdigit()):
        raise RefusalError(400, f"{HEAD_LENGTH} must be a number of bytes, not {shown(head)}.")
    _refuse_other(request, model)
    length = None if head is None else int(head[:20])
    return Ask(partial(answer, model, length))


def _refuse_other(request: Request, model: LoadedModel) -> None:
    """Raise if the path names another model or version than the one that is served."""
    served = model.version
    name, version = request.path_params["name"], request.path_params.get("version")
    if name != served.name:
        raise RefusalError(404, f"The model {quoted(name)} is not served; {served.name} is.")
    if version not in (None, served.version):
        raise RefusalError(
            404,
            f"Version {quoted(version)} is not served; version {served.version} is. "
            "Leave the version out to follow the alias.",
        )


def _describe(model: LoadedModel) -> dict[str, Any]:
    signature = model.description["signature"]
    return {
        "name": model.version.name,
        "versions": [model.version.version],
        "platform": "mlflow_pyfunc",
        "inputs": _describe_tensors(signature["inputs"], "input"),
        "outputs": _describe_tensors(signature["outputs"], "output"),
    }


def _describe_tensors(specs: list[dict[str, Any]], word: str) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{word}-{place}" if spec["name"] is None else str(spec["name"]),
            "datatype": datatype(spec["type"]),
            "shape": spec.get("shape", [-1]),
        }
        for place, spec in enumerate(specs)
    ]
