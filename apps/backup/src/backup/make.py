"""Makes a snapshot: databases first, files afterwards.

A model becomes READY and a version is registered only after its files exist, so every file that the
dumps name exists when the files are stored. The other order would miss what is logged in between.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from backup import databases, repository, verification
from backup.errors import BackupError
from backup.manifest import (
    ARTIFACTS,
    MANIFEST,
    UPLOADING,
    File,
    Manifest,
    files_of,
    from_json,
    hash_file,
    now,
)
from backup.metrics import push
from backup.progress import say, size_text
from backup.repository import Snapshot
from backup.settings import Settings

ATTEMPTS = 3


def make(settings: Settings) -> None:
    """One backup: a snapshot, its verification, and the deletion of what is too old."""
    started = time.time()
    with databases.backup_lock():
        repository.ensure_repository()
        repository.unlock()
        snapshot = take(settings)
        faults = verification.verify(settings, snapshot, everything=False)
        values = {"verified": 0 if faults else 1, "size_bytes": snapshot.size}
        if faults:
            push(settings, values)
            raise BackupError(
                f"snapshot {snapshot.short_id} is damaged: {faults[0]}; older ones are kept"
            )
        repository.forget(settings.keep_count, settings.keep_days)
    push(
        settings,
        {
            **values,
            "last_success_timestamp_seconds": time.time(),
            "duration_seconds": time.time() - started,
            "max_age_seconds": settings.max_age_seconds,
            "stored_bytes": repository.stored_bytes(),
        },
    )
    say(f"snapshot {snapshot.short_id} is complete and verified ({size_text(snapshot.size)})")


def take(settings: Settings, *tags: str) -> Snapshot:
    """A snapshot of the current data. The caller holds the lock."""
    for _ in range(ATTEMPTS):
        snapshot, manifest = _take(settings, tags)
        stored = repository.sizes(snapshot, ARTIFACTS)
        vanished = [path for path in manifest.files if path not in stored]
        if not vanished:
            say(f"snapshot {snapshot.short_id}: {manifest.counts()}")
            return snapshot
        say(f"{vanished[0]} was deleted during the backup; starting over")
        repository.remove(snapshot)
    raise BackupError(
        "artifacts keep being deleted; run the backup again when no client deletes any"
    )


def _take(settings: Settings, tags: tuple[str, ...]) -> tuple[Snapshot, Manifest]:
    with described(settings, _known_files()) as manifest:
        snapshot = repository.save(
            settings.work,
            [MANIFEST, *(f"{role}.dump" for role in settings.databases), ARTIFACTS],
            exclude=[settings.restoring, settings.artifacts / "lost+found", f"{UPLOADING}*"],
            tags=[f"mlflow-version={settings.mlflow_version}", f"size={manifest.size}", *tags],
        )
    return snapshot, manifest


@contextmanager
def described(settings: Settings, known: Mapping[str, File]) -> Iterator[Manifest]:
    """The manifest of the current data; it and the dumps are in the work folder meanwhile."""
    work = settings.work
    dumps = {role: work / f"{role}.dump" for role in settings.databases}
    try:
        found: dict[str, dict[str, object]] = {}
        for role, name in settings.databases.items():
            say(f"dumping the database {name}")
            found[role] = databases.dump(name, dumps[role])
            found[role]["size"] = dumps[role].stat().st_size
            found[role]["sha256"] = hash_file(dumps[role])
        say("hashing the artifacts")
        files = files_of(settings.artifacts, settings.restoring, known=known)
        manifest = Manifest(now(), settings.mlflow_version, found, files, settings.store)
        (work / MANIFEST).write_text(manifest.to_json())
        yield manifest
    finally:
        for path in (work / MANIFEST, *dumps.values()):
            path.unlink(missing_ok=True)


def _known_files() -> dict[str, File]:
    """Hashes of the last snapshot, so that each file is hashed only once."""
    known = repository.snapshots()
    if not known:
        return {}
    try:
        with repository.stream(known[-1], MANIFEST) as content:
            return from_json(content.read()).files
    except (BackupError, ValueError, KeyError):
        return {}  # a damaged one: everything is read again
