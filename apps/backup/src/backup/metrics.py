"""Reports the result of the last backup to Prometheus, through the Pushgateway."""

import os
import urllib.error
import urllib.request
from collections.abc import Mapping

from backup.progress import say
from backup.settings import Settings

_TIMEOUT_SECONDS = 10


def push(settings: Settings, values: Mapping[str, float]) -> None:
    """Pushes metrics, replacing those of the same names. A failed push fails no backup."""
    if settings.pushgateway is None:
        return
    metrics = {**values, **_destination(settings)}
    lines = [f"mlops_backup_{name} {value}\n" for name, value in metrics.items()]
    request = urllib.request.Request(
        f"{settings.pushgateway.rstrip('/')}/metrics/job/backup",
        data="".join(lines).encode(),
        method="POST",
    )
    try:
        urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()
    except (urllib.error.URLError, OSError) as error:
        say(f"cannot push metrics to {settings.pushgateway}: {error}")


def _destination(settings: Settings) -> dict[str, float]:
    """Free space at the destination; a bucket has no limit."""
    if settings.volume is None:
        return {}
    status = os.statvfs(settings.volume)
    return {
        "destination_free_bytes": status.f_bavail * status.f_frsize,
        "destination_size_bytes": status.f_blocks * status.f_frsize,
    }
