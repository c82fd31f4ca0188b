"""Refusals that name what is missing, as JSON: MLflow's clients and page show the message."""

from flask import Response, jsonify
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED, ErrorCode
from mlflow.server import auth


def refused(status: int, code: int, message: str) -> Response:
    """A response in the form of MLflow's own errors."""
    response = jsonify({"error_code": ErrorCode.Name(code), "message": message})
    response.status_code = status
    return response


def forbidden(message: str) -> Response:
    """The user is known, but may not do this."""
    return refused(403, PERMISSION_DENIED, message)


def explain_mlflows_refusals() -> None:
    """MLflow's rules only say "Permission denied"; they are about single objects."""
    auth.make_forbidden_response = lambda: forbidden(
        "Permission denied: what you named does not exist, or it takes the user who created it, or "
        "an administrator."
    )
