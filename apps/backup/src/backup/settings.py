"""Reads the environment; nothing else in the package does.

libpq and restic read their own variables: PGHOST, PGPORT, PGUSER, PGPASSWORD, RESTIC_REPOSITORY,
RESTIC_PASSWORD and what the destination needs.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backup.errors import BackupError

FOR_DATABASES = ("PGHOST", "PGUSER", "PGPASSWORD")
FOR_SNAPSHOTS = ("RESTIC_REPOSITORY", "RESTIC_PASSWORD")


@dataclass(frozen=True)
class Settings:
    """What the commands work on."""

    databases: dict[str, str]
    """Database by role, in the order in which they are dumped. Users come first: an account whose
    permissions name a run that the snapshot lacks is worse than the opposite."""
    work: Path
    """Folder for what goes into a snapshot; the artifact store is its folder `artifacts`."""
    mlflow_version: str
    keep_count: int
    keep_days: int
    max_age_seconds: int
    """Age of the last backup at which an alert fires."""
    volume: Path | None
    """Mount point of the destination, if it is a volume."""
    pushgateway: str | None
    deployment: str | None
    """What is stopped while a restore swaps the data; None where nothing has to be."""
    store: str
    """Root of the artifact store, as the tracking server has it."""
    tracking: str | None
    """URL of the tracking server, where artifacts go through it because there is no volume."""

    @property
    def artifacts(self) -> Path:
        return self.work / "artifacts"

    @property
    def restoring(self) -> Path:
        """What a restore brings back, on the same volume so that a swap is a rename."""
        return self.artifacts / ".restore"

    @property
    def received(self) -> Path:
        """The artifacts of a restore or copy, before they are swapped."""
        return self.restoring / "new" / "artifacts"


def settings(environment: Mapping[str, str] = os.environ, *, snapshots: bool = True) -> Settings:
    """Checks everything first, so that a fault is found before anything is changed."""
    for name in (*FOR_DATABASES, *(FOR_SNAPSHOTS if snapshots else ())):
        _required(environment, name)
    volume = environment.get("BACKUP_VOLUME")
    return Settings(
        databases={
            "auth": _required(environment, "BACKUP_AUTH_DATABASE"),
            "tracking": _required(environment, "BACKUP_DATABASE"),
        },
        work=Path(_required(environment, "BACKUP_WORK")),
        mlflow_version=_required(environment, "MLFLOW_VERSION"),
        keep_count=_whole(environment, "BACKUP_KEEP_COUNT"),
        keep_days=_whole(environment, "BACKUP_KEEP_DAYS"),
        max_age_seconds=_whole(environment, "BACKUP_MAX_AGE_SECONDS"),
        volume=Path(volume) if volume else None,
        pushgateway=environment.get("PUSHGATEWAY_URL") or None,
        deployment=environment.get("MLFLOW_DEPLOYMENT") or None,
        store=_required(environment, "BACKUP_ARTIFACT_STORE"),
        tracking=environment.get("MLFLOW_TRACKING_URI") or None,
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name, ""):
        return value
    raise BackupError(f"{name} must be set")


def _whole(environment: Mapping[str, str], name: str) -> int:
    text = _required(environment, name)
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise BackupError(f"{name} must be a whole number of at least 1, not {text}")
