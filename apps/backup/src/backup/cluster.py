"""Stops MLflow while its data is swapped, and starts it again."""

import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from backup.errors import BackupError

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_SERVER = "https://kubernetes.default.svc"


def replicas(deployment: str) -> int:
    return int(_scale("GET", deployment)["spec"].get("replicas", 0))


def set_replicas(deployment: str, count: int) -> None:
    _scale("PATCH", deployment, {"spec": {"replicas": count}})


def _scale(method: str, deployment: str, body: object = None) -> dict[str, dict[str, int]]:
    namespace = (_ACCOUNT / "namespace").read_text()
    request = urllib.request.Request(
        f"{_SERVER}/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}/scale",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Authorization": f"Bearer {(_ACCOUNT / 'token').read_text()}",
            "Content-Type": "application/merge-patch+json",
        },
    )
    trusted = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    try:
        with urllib.request.urlopen(request, timeout=30, context=trusted) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise BackupError(f"cannot scale {deployment}: the API server answers {error}") from error
    except OSError as error:
        raise BackupError(f"cannot scale {deployment}: {error}") from error
