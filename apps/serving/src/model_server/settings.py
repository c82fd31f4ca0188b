"""The environment variables of the model server, read and checked in one place."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from model_server.memory import memory_limit

Number = TypeVar("Number", int, float)


class SettingsError(Exception):
    """All faults found in the environment, one sentence each."""


@dataclass(frozen=True)
class Settings:
    """The configuration of the server. Times are in seconds, sizes in bytes."""

    tracking_uri: str
    model_name: str
    model_alias: str
    host: str
    port: int
    metrics_port: int
    poll_seconds: float
    max_request_bytes: int
    max_pending_requests: int
    prediction_threads: int
    prediction_timeout_seconds: float
    allow_pickle: bool
    startup_grace_seconds: float
    load_timeout_seconds: float
    memory_limit_bytes: int | None
    drift_window_seconds: float
    drift_min_rows: int
    work_dir: Path

    @property
    def poll_seconds_without_model(self) -> float:
        """A person waits for the first model, so the alias is polled more often until then."""
        return min(1.0, self.poll_seconds)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read every setting, or raise one `SettingsError` that names all faults."""
    faults: list[str] = []

    def text(name: str, default: str | None = None) -> str:
        value = environment.get(name, "").strip() or default
        if value is None:
            faults.append(f"{name} is not set")
        return value or ""

    def number(name: str, default: Number, least: Number, parse: Callable[[str], Number]) -> Number:
        raw = environment.get(name, "").strip()
        try:
            value = parse(raw) if raw else default
        except ValueError:
            faults.append(f"{name} must be a number, not {raw!r}")
            return default
        # Written so that NaN is refused too.
        if not value >= least:
            faults.append(f"{name} must be at least {least}, not {raw}")
        return value

    def flag(name: str) -> bool:
        raw = environment.get(name, "").strip().lower()
        if raw not in ("", "true", "false"):
            faults.append(f"{name} must be true or false, not {raw!r}")
        return raw == "true"

    port = number("PORT", 8080, 1, int)
    metrics_port = number("METRICS_PORT", 9464, 1, int)
    if metrics_port == port:
        faults.append(f"METRICS_PORT must be another port than PORT, which is {port}")
    settings = Settings(
        tracking_uri=text("MLFLOW_TRACKING_URI"),
        model_name=text("MODEL_NAME"),
        model_alias=text("MODEL_ALIAS", "champion"),
        host=text("HOST", "0.0.0.0"),
        port=port,
        metrics_port=metrics_port,
        poll_seconds=number("MODEL_POLL_SECONDS", 5.0, 0.1, float),
        max_request_bytes=number("MAX_REQUEST_BYTES", 10 * 1024 * 1024, 1024, int),
        max_pending_requests=number("MAX_PENDING_REQUESTS", 128, 1, int),
        prediction_threads=number("PREDICTION_THREADS", 2, 1, int),
        prediction_timeout_seconds=number("PREDICTION_TIMEOUT_SECONDS", 60.0, 0.1, float),
        allow_pickle=flag("MODEL_ALLOW_PICKLE"),
        load_timeout_seconds=number("LOAD_TIMEOUT_SECONDS", 300.0, 1.0, float),
        # 0 takes the container's limit.
        memory_limit_bytes=number("MEMORY_LIMIT_BYTES", 0, 0, int) or memory_limit(),
        startup_grace_seconds=number("STARTUP_GRACE_SECONDS", 60.0, 0.0, float),
        drift_window_seconds=number("DRIFT_WINDOW_SECONDS", 3600.0, 60.0, float),
        drift_min_rows=number("DRIFT_MIN_ROWS", 200, 1, int),
        # The port keeps two servers on one machine apart and stays the same over restarts, so
        # what a killed process left behind is found and removed.
        work_dir=Path(tempfile.gettempdir()) / f"model-server-{port}",
    )
    if faults:
        raise SettingsError("; ".join(faults))
    return settings
