"""Errors that a user can fix, each described in one sentence."""

from mlflow.exceptions import MlflowException
from requests.exceptions import RequestException


class TrainingError(Exception):
    """An error whose message names the argument, the rule and the fix."""


def sentence(error: Exception, tracking_uri: str, username: str | None = None) -> str:
    """One sentence on why a call of MLflow failed, from any exception."""
    if isinstance(error, TrainingError):
        return str(error)
    status = error.get_http_status_code() if isinstance(error, MlflowException) else None
    who = f"user {username}" if username else "anonymous access"
    # The client wraps some answers in a plain MlflowException that has the status only in its text.
    text = " ".join(str(error).split())
    if status == 401 or "error code 401" in text or "401 Client Error" in text:
        return (
            f"MLflow at {tracking_uri} refused {who}: check MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD"
        )
    if status == 403 or "error code 403" in text or "403 Client Error" in text:
        return (
            f"MLflow at {tracking_uri} does not let {who} do this: give that user write permission"
            " (or add the host name to the server's allowed hosts)"
        )
    if isinstance(error, RequestException) or "Max retries exceeded" in text:
        return (
            f"MLflow at {tracking_uri} cannot be reached: check MLFLOW_TRACKING_URI and the server"
        )
    return f"MLflow at {tracking_uri} failed: {text[:300]}"
