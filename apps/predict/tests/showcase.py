"""The page of several models, each of another kind, with stub servers: for a browser to look at.

Prints the address of the page and runs until its standard input ends, each line of which names
a model to add.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from running import start_page, write_listing
from stub import DIABETES, EVERY_TYPE, StubModelServer, described

USAGE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "calls": {"type": "long", "required": True},
        "tags": {"type": "array", "items": {"type": "string"}, "required": False},
    },
}
CHURN: dict[str, Any] = described(
    [
        ("plan", "string", True),
        ("months", "long", True),
        ("monthly_charge", "double", True),
        ("since", "datetime", True),
        ("paperless", "boolean", True),
        ("comment", "string", False),
        ("usage", USAGE, True),
    ],
    {
        "columns": ["plan", "months", "monthly_charge", "since", "paperless", "usage"],
        "data": [
            ["basic", 3, 29.9, "2026-01-31", True, {"calls": 12, "tags": ["night", "abroad"]}],
            ["pro", 20, 59.0, None, False, None],
            ["basic", 7, 9.0, None, False, None],
        ],
    },
) | {"name": "churn", "version": "12", "alias": "live", "owner": "dana", "metrics": {"auc": 0.913}}
CHURN["classes"] = ["leaves", "stays", "pauses"]
CHURN["signature"]["params"] = [
    {"name": "threshold", "type": "double", "default": 0.5, "shape": None}
]

DIGITS: dict[str, Any] = DIABETES | {
    "name": "digits",
    "version": "2",
    "metrics": {},
    "input_example": None,
    "signature": {
        "inputs": [
            {"name": None, "type": "tensor(float32)", "required": True, "shape": [-1, 8, 8]}
        ],
        "outputs": [],
    },
}

FORECAST: dict[str, Any] = described([("hour", "long", True)]) | {
    "name": "energy-forecast",
    "version": "7",
    "metrics": {},
    "load_error": {
        "version": "8",
        "state": "failed",
        "reason": "it requires catboost, which the server lacks: "
        "models/energy-forecast/requirements.txt",
    },
}
FORECAST["signature"]["outputs"] = [{"name": f"in_{n}_hours", "type": "double"} for n in (1, 2, 3)]

INSIDE = "http://{}.mlops.svc.cluster.local"
UNREACHABLE = "http://127.0.0.1:9"


def services(healthy: str) -> list[dict[str, Any]]:
    """One of each kind: open, the page itself, unavailable, inside the cluster, seen by another."""
    found: list[dict[str, Any]] = [
        {"name": "MLflow", "url": healthy, "healthUrl": healthy, "version": "3.18.0"},
        {"name": "Prediction page", "url": healthy, "version": "9a8b7c6d5e4f"},
        {"name": "Grafana", "url": healthy, "healthUrl": UNREACHABLE},
        {"name": "Prometheus", "url": INSIDE.format("prometheus"), "healthUrl": healthy},
        {
            "name": "Alertmanager",
            "url": INSIDE.format("alertmanager"),
            "healthUrl": UNREACHABLE,
            "seenBy": "Prometheus",
        },
    ]
    return [service | {"owner": "platform@example.org"} for service in found]


ODDS = [0.213, 0.761, 0.026]


def main() -> None:
    servers = {
        "diabetes-progression": StubModelServer(model=DIABETES | {"ranges": {"bmi": [18.0, 42.2]}}),
        "churn": StubModelServer(model=CHURN),
        "digits": StubModelServer(model=DIGITS),
        "energy-forecast": StubModelServer(model=FORECAST),
        "every-type": StubModelServer(model=EVERY_TYPE),
        "new": StubModelServer(model=None),
        "hangs": StubModelServer(),
    }
    servers["churn"].body = {
        "predictions": ["stays"],
        "probabilities": [ODDS],
        "classes": CHURN["classes"],
    }
    servers["digits"].body = {"predictions": [[0.01, 0.9, 0.05, 0.04]]}
    servers["energy-forecast"].body = {"predictions": [[1.25, 3.5, 2.125]]}
    servers["hangs"].delay = 60
    shown = sys.argv[1:] or list(servers)
    urls = {name: servers[name].url for name in shown}
    with tempfile.TemporaryDirectory() as folder:
        listing = write_listing(Path(folder), urls, services(servers["churn"].url))
        page = start_page(Path(folder), SERVICES_FILE=listing)
        try:
            print(f"http://{page.address}", flush=True)
            for added in sys.stdin:
                urls[added.strip()] = servers["churn"].url
                write_listing(Path(folder), urls, services(servers["churn"].url))
        finally:
            page.process.kill()
            page.process.wait()


if __name__ == "__main__":
    main()
