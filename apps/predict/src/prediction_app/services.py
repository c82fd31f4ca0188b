"""The services of the platform other than the models, and the current health of each."""

from dataclasses import dataclass
from typing import Any

import requests

from prediction_app.watch import Question

# Seconds to connect and to read. A service that has not answered by then counts as unavailable.
_SECONDS = (1, 2)


@dataclass(frozen=True)
class Service:
    name: str
    url: str
    """By which people reach it."""
    health_url: str | None = None
    """URL that answers 200 while it is healthy; None for the page itself."""
    seen_by: str | None = None
    """Name of the service that reports its health, where the page must not reach it."""
    version: str | None = None
    """Where its answer does not say it."""
    owner: str | None = None


@dataclass(frozen=True)
class State:
    """The health of a service; `healthy` is None while that is unknown."""

    healthy: bool | None
    version: str | None = None
    reason: str | None = None


class WatchedService:
    """A service whose state all visitors share."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._session = requests.Session()
        self._question = Question(service.name, self._describe)

    def ask(self) -> None:
        self._question.ask()

    def seen(self, patience: float) -> State:
        return self._question.answer(patience) or State(None, reason="It has not answered yet.")

    def _describe(self) -> State:
        url, witness = self.service.health_url, self.service.seen_by
        if url is None:
            return State(True, self.service.version)
        try:
            answer = self._get(url)
        except requests.Timeout:
            trouble = "did not answer in time."
        except requests.RequestException:
            trouble = "cannot be reached."
        else:
            if answer is not None:
                return self._read(answer)
            trouble = "gives an unexpected answer."
        if witness:
            return State(None, reason=f"{witness}, which watches it, {trouble}")
        return State(False, reason=f"It {trouble}")

    def _read(self, answer: dict[str, Any]) -> State:
        """The version is where Grafana, Prometheus and a query of Prometheus have it."""
        data = answer.get("data", answer)
        if isinstance(data.get("result"), list):
            if not data["result"]:
                return State(False, reason=f"{self.service.seen_by} does not reach it.")
            data = data["result"][0].get("metric", {})
        version = data.get("version") or self.service.version
        return State(True, version and str(version))

    def _get(self, url: str) -> dict[str, Any] | None:
        """The JSON object of its answer, empty for any other content; None if it is not healthy."""
        reply = self._session.get(url, timeout=_SECONDS, allow_redirects=False)
        if reply.status_code != 200:
            return None
        try:
            answer = reply.json()
        except ValueError:
            return {}
        return (
            answer if isinstance(answer, dict) and isinstance(answer.get("data", {}), dict) else {}
        )
