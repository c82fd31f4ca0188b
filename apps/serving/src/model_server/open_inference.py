"""The Open Inference Protocol over HTTP, version 2: what clients of KServe, Triton and MLServer
speak. Its tensors are in inference_tensors.py."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

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
from model_server.wording import quoted, shown

_ERROR = "error"
"""What the protocol calls the reason in an error."""


def add_open_inference(app: FastAPI, follower: Follower, invocations: Invocations) -> None:
    """Adds the routes of the protocol."""

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

    @app.get("/v2")
    async def server() -> dict[str, Any]:
        extensions = ["binary_tensor_data"]
        return {"name": "model_server", "version": __version__, "extensions": extensions}

    @app.get("/v2/health/live")
    async def live() -> dict[str, bool]:
        refuse_stuck()
        return {"live": True}

    @app.get("/v2/health/ready")
    async def ready() -> dict[str, bool]:
        loaded()
        return {"ready": True}

    async def metadata(request: Request) -> dict[str, Any]:
        return _describe(asked_for(request))

    async def model_ready(request: Request) -> dict[str, Any]:
        return {"name": asked_for(request).version.name, "ready": True}

    async def infer(request: Request) -> Response:
        return await invocations(request, _ask, _ERROR)

    for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        app.get(path)(metadata)
        app.get(f"{path}/ready")(model_ready)
        app.post(f"{path}/infer")(infer)

    @app.exception_handler(RefusalError)
    async def refused(_: Request, refusal: RefusalError) -> Response:
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
    return partial(answer, model, length)


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
