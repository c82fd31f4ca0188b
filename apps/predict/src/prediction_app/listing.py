"""Which models and services the page is for: a file that may change while visitors are there."""

import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from prediction_app import metrics
from prediction_app.services import Service, WatchedService
from prediction_app.watch import Watched

_ALONE = "http://model-server:8080"
_RULE = (
    "SERVICES_FILE must name a JSON file with the model server of each model, such as "
    '{"models": [{"name": "churn", "serverUrl": "http://churn-model-server:8080"}]}'
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listing:
    models: tuple[Watched, ...]
    services: tuple[WatchedService, ...] = ()

    @property
    def has_front_page(self) -> bool:
        """Whether there is more to list than the one model."""
        return len(self.models) > 1 or bool(self.services)


class Listed:
    """The content of the file. What is known about the servers that stay in it is kept."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = environment.get("SERVICES_FILE")
        self._file = Path(path) if path else None
        self._lock = threading.Lock()
        self._read: tuple[int, int] | None = None
        if self._file is None:
            url = environment.get("MODEL_SERVER_URL") or _ALONE
            self._listing = Listing((Watched("", url),))
            metrics.expect([""])
        else:
            self._listing = Listing(())
            self._read = _state_of(self._file)
            self._take(read_listing(self._file))

    def now(self) -> Listing:
        """Reads the file again if it was replaced; keeps the old content if that is invalid."""
        with self._lock:
            state = self._file and _state_of(self._file)
            if self._file and state is not None and state != self._read:
                self._read = state
                try:
                    self._take(read_listing(self._file))
                except ValueError as fault:
                    _log.error("the page keeps its list: %s", fault)
            return self._listing

    def _take(self, listing: Listing) -> None:
        known = {model.key: model for model in self._listing.models}
        seen = {service.service: service for service in self._listing.services}
        metrics.expect([model.name for model in listing.models if model.key not in known])
        self._listing = Listing(
            tuple(known.get(model.key, model) for model in listing.models),
            tuple(seen.get(service.service, service) for service in listing.services),
        )


@cache
def listed() -> Listed:
    """The one of this process. A file that is invalid at the start ends it with a ValueError."""
    return Listed(os.environ)


def read_listing(file: Path) -> Listing:
    """The content of the file; a ValueError says what is wrong with it."""
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError) as fault:
        raise ValueError(f"{_RULE}; {file} is not such a file: {fault}") from None
    models = content.get("models") if isinstance(content, dict) else None
    if not isinstance(models, list) or not models:
        raise ValueError(f"{_RULE}; {file} has none.")
    for model in models:
        if not _is_listed(model, "serverUrl"):
            raise ValueError(f"{_RULE}; one of {file} is {json.dumps(model)}.")
    services = content.get("services") or []
    for service in services:
        if not _is_listed(service, "url"):
            raise ValueError(
                f"{file}: a service must have a name and a url, not {json.dumps(service)}."
            )
    return Listing(
        tuple(
            Watched(model["name"], model["serverUrl"], model.get("url"), model.get("owner"))
            for model in models
        ),
        tuple(
            WatchedService(
                Service(
                    name=service["name"],
                    url=service["url"],
                    health_url=service.get("healthUrl"),
                    seen_by=service.get("seenBy"),
                    version=service.get("version"),
                    owner=service.get("owner"),
                )
            )
            for service in services
        ),
    )


def _is_listed(entry: object, url: str) -> bool:
    """Whether it has a name and its URL."""
    return isinstance(entry, dict) and bool(entry.get("name")) and _is_url(entry.get(url))


def _is_url(text: object) -> bool:
    address = urlsplit(text if isinstance(text, str) else "")
    return address.scheme in ("http", "https") and bool(address.netloc)


def _state_of(file: Path) -> tuple[int, int] | None:
    """Another one for another file: Kubernetes replaces a link to the folder of a ConfigMap."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
