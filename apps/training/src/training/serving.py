"""The model server as its clients see it: HTTP only."""

import time
from typing import Any

import pandas as pd
import requests

from training.errors import TrainingError

_ANSWER_SECONDS = 30


def wait_until_served(serving_url: str, version: str | int, timeout: float = 60) -> dict[str, Any]:
    """Waits until the model server has this version and returns what it says about the model."""
    url = f"{serving_url.rstrip('/')}/model"
    deadline = time.monotonic() + timeout
    while True:
        described, seen = _describe(url)
        if str(described.get("version")) == str(version):
            return described
        if time.monotonic() >= deadline:
            raise TrainingError(
                f"the model server at {serving_url} did not serve version {version} within "
                f"{timeout:.0f} s: {seen}"
            )
        time.sleep(0.5)


def predict(serving_url: str, rows: pd.DataFrame, timeout: float = 30) -> tuple[list[float], str]:
    """Predictions of the model server for the rows, and the version that made them.

    One of several replicas may still load what another one serves: it retries until `timeout`.
    """
    body = {"dataframe_split": rows.to_dict(orient="split", index=False)}
    url = f"{serving_url.rstrip('/')}/invocations"
    deadline = time.monotonic() + timeout
    while True:
        try:
            reply = requests.post(url, json=body, timeout=_ANSWER_SECONDS)
        except requests.RequestException as error:
            slow = isinstance(error, requests.Timeout)
            how = f"did not answer within {_ANSWER_SECONDS} s" if slow else "cannot be reached"
            raise TrainingError(f"the model server at {serving_url} {how}") from error
        if reply.ok:
            return reply.json()["predictions"], reply.headers["X-Model-Version"]
        if reply.status_code != 503 or time.monotonic() >= deadline:
            raise TrainingError(f"the model server refused to predict: {_detail(reply)}")
        time.sleep(0.5)


def _describe(url: str) -> tuple[dict[str, Any], str]:
    try:
        reply = requests.get(url, timeout=5)
    except requests.RequestException:
        return {}, "it cannot be reached"
    if not reply.ok:
        return {}, _detail(reply)
    described = reply.json()
    seen = f"it serves version {described.get('version')}"
    if fault := described.get("load_error"):
        version = fault.get("version")
        verb = "is loading" if fault.get("state") == "loading" else "could not load"
        what = f"{verb} version {version}" if version else "cannot follow the alias"
        seen += f" and {what}: {fault.get('reason')}"
    return described, seen


def _detail(reply: requests.Response) -> str:
    try:
        return str(reply.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {reply.status_code}"
