"""Restores a snapshot next to the data in use, compares it, and swaps the two.

Two commands: between them, the platform's migration gives the new databases its schema and
passwords. Until `swap` nothing in use is touched. During it MLflow is stopped, and a `swap` that
was killed is finished by the next one.
"""

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from backup import cluster, databases, make, repository, verification
from backup.errors import BackupError
from backup.journal import MOVED_OUT, RESTORED, SWAPPED, SWAPPING, Entry, Journal, sync
from backup.manifest import (
    ARTIFACTS,
    KNOWN,
    Manifest,
    file_differences,
    files_of,
    hash_file,
    row_differences,
)
from backup.progress import say, size_text
from backup.repository import BEFORE_RESTORE, Snapshot
from backup.settings import Settings

STOP_SECONDS = 90
# What a database is called while the other one has its name.
new_name = "{}_restored".format
_old = "{}_replaced".format


def restore(settings: Settings, wanted: str, *, overwrite: bool) -> None:
    """Brings a snapshot back, next to the data in use."""
    with databases.backup_lock():
        snapshot = repository.find(wanted)
        journal = Journal(settings.restoring)
        if (entry := journal.read()) and entry.phase != RESTORED:
            _same_snapshot(entry, snapshot)
            say(f"a restore of {snapshot.short_id} was interrupted while it swapped; finishing it")
            return
        journal.clear()
        manifest = verification.manifest_of(snapshot)
        say(f"snapshot {snapshot.short_id} of {manifest.created}: {manifest.counts()}")
        refuse_newer_version(settings, manifest)
        check_room(settings, sum(file.size for file in manifest.files.values()))
        refuse_to_overwrite(settings, manifest, overwrite=overwrite)
        settings.restoring.mkdir()
        restore_databases(settings, manifest, partial(_read, snapshot))
        _restore_files(settings, snapshot, manifest)
        journal.write(Entry(RESTORED, snapshot.original))
    say("everything is restored and matches the manifest")


def swap(settings: Settings) -> None:
    """Replaces the data in use by what was restored. Safe to run again when killed."""
    journal = Journal(settings.restoring)
    with databases.backup_lock():
        entry = journal.read()
        if entry is None:
            say("there is nothing to swap")
            return
        if entry.phase != SWAPPED:
            entry = _stop(settings, journal, entry)
            if settings.tracking is None:
                _swap_files(settings, journal, entry)
            _swap_databases(settings)
            journal.write(replace(entry, phase=SWAPPED))
        _start(settings, entry)
        for name in settings.databases.values():
            databases.drop(_old(name))
        journal.clear()
    say(f"restored snapshot {entry.snapshot[:8]}" if entry.snapshot else "everything is in use now")


def _same_snapshot(entry: Entry, snapshot: Snapshot) -> None:
    if entry.snapshot != snapshot.original:
        raise BackupError(
            f"a restore of {entry.snapshot[:8]} was interrupted while it swapped; finish it first "
            f"with `npm run restore {entry.snapshot[:8]}`"
        )


def refuse_newer_version(settings: Settings, manifest: Manifest) -> None:
    """MLflow migrates a schema forwards only."""

    def parts(version: str) -> list[int]:
        return [int(part) for part in version.split(".")]

    if parts(manifest.mlflow_version) > parts(settings.mlflow_version):
        raise BackupError(
            f"the data is from MLflow {manifest.mlflow_version} and this stack has "
            f"{settings.mlflow_version}, which cannot read it; upgrade the stack first"
        )


def check_room(settings: Settings, needed: int) -> None:
    """Whether that many bytes fit next to the files in use."""
    status = os.statvfs(settings.artifacts)
    free = status.f_bavail * status.f_frsize
    if needed > free:
        raise BackupError(
            f"the artifact volume has {size_text(free)} left and the data needs "
            f"{size_text(needed)} next to the existing files; make the volume larger "
            "(artifactStorageSize)"
        )


def refuse_to_overwrite(settings: Settings, manifest: Manifest, *, overwrite: bool) -> None:
    """Existing data is not lost: it is backed up first."""
    if not all(databases.exists(name) for name in settings.databases.values()):
        return
    found = {role: databases.contents(name) for role, name in settings.databases.items()}
    counts = {
        name: found["tracking"]["rows"].get(table, 0)
        for name, (role, table) in KNOWN.items()
        if role == "tracking"
    }
    if not any(counts.values()):
        return
    if not overwrite:
        newest = databases.newest_change(settings.databases["tracking"])
        there = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        when = f", the newest of {_time(newest)}" if newest else ""
        raise BackupError(
            f"the stack holds {there}{when}, which the data of {_time(manifest.created)} would "
            f"replace; add --replace to replace them anyway ({_safety(settings)})"
        )
    if settings.tracking is not None:
        say(f"replacing the existing data; {_safety(settings)}")
        return
    say("backing up the existing data")
    repository.ensure_repository()
    repository.unlock()
    saved = make.take(settings, BEFORE_RESTORE)
    say(f"`npm run restore -- {saved.short_id} --replace` brings it back")


def _safety(settings: Settings) -> str:
    """How replaced data can be recovered."""
    if settings.tracking is None:
        return "they are backed up first"
    return "Cloud SQL's point-in-time recovery brings them back, and their files stay in the bucket"


def _time(moment: float | str) -> str:
    if isinstance(moment, float):
        moment = datetime.fromtimestamp(moment, UTC).isoformat()
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _read(snapshot: Snapshot, name: str, file: Path) -> None:
    with repository.stream(snapshot, name) as content, file.open("wb") as copy:
        shutil.copyfileobj(content, copy)


def restore_databases(
    settings: Settings, manifest: Manifest, read: Callable[[str, Path], None]
) -> None:
    """Creates both databases from their dumps, next to those in use, and compares their rows."""
    for role, name in settings.databases.items():
        say(f"restoring the database {name}")
        file = settings.work / f"{role}.dump"
        try:
            read(file.name, file)
            wanted = manifest.databases[role]
            if hash_file(file) != wanted["sha256"]:
                raise BackupError(f"the dump of {name} differs from the manifest")
            databases.restore(file, new_name(name))
        finally:
            file.unlink(missing_ok=True)
        if faults := row_differences(wanted, databases.contents(new_name(name))):
            raise BackupError(f"the restored {name} differs from the manifest: {faults[0]}")


def _restore_files(settings: Settings, snapshot: Snapshot, manifest: Manifest) -> None:
    target = settings.restoring / "new"
    target.mkdir()
    total = sum(file.size for file in manifest.files.values())
    say(f"restoring {len(manifest.files)} files, {size_text(total)}")
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(target, total, done), daemon=True)
    watcher.start()
    try:
        repository.bring_back(snapshot, ARTIFACTS, target)
    finally:
        done.set()
        watcher.join()
    (target / ARTIFACTS).mkdir(exist_ok=True)
    say("comparing the files with the manifest")
    if faults := file_differences(manifest.files, files_of(target / ARTIFACTS)):
        raise BackupError(
            f"{len(faults)} restored files differ from the manifest: {faults[0]}; "
            "nothing was replaced"
        )


def _watch(target: Path, total: int, done: threading.Event) -> None:
    while not done.wait(5):
        present = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        say(f"restored {size_text(present)} of {size_text(total)}")


def _stop(settings: Settings, journal: Journal, entry: Entry) -> Entry:
    if entry.phase == RESTORED:
        count = cluster.replicas(settings.deployment) if settings.deployment else 1
        entry = Entry(SWAPPING, entry.snapshot, count)
        # Before MLflow is stopped, so that a restart knows how many pods to scale back to.
        journal.write(entry)
    if settings.deployment:
        say("stopping MLflow")
        cluster.set_replicas(settings.deployment, 0)
        databases.wait_until_unused(list(settings.databases.values()), STOP_SECONDS)
    return entry


def _swap_files(settings: Settings, journal: Journal, entry: Entry) -> None:
    say("swapping the files")
    new, old = settings.restoring / "new" / ARTIFACTS, settings.restoring / "old"
    old.mkdir(exist_ok=True)
    if entry.phase == SWAPPING:
        _move(settings.artifacts, old, leave=settings.restoring.name)
        journal.write(replace(entry, phase=MOVED_OUT))
    _move(new, settings.artifacts)


def _move(source: Path, target: Path, leave: str = "") -> None:
    for path in source.iterdir():
        # lost+found belongs to the file system and cannot be moved.
        if path.name not in (leave, "lost+found"):
            path.rename(target / path.name)
    sync(source)
    sync(target)


def _swap_databases(settings: Settings) -> None:
    """All names in one transaction: MLflow never finds runs of one state and users of the other."""
    names = list(settings.databases.values())
    if not databases.exists(new_name(names[0])):
        return
    say("swapping the databases")
    for name in names:
        databases.drop(_old(name))
    out = {name: _old(name) for name in names if databases.exists(name)}
    databases.rename_all({**out, **{new_name(name): name for name in names}})


def _start(settings: Settings, entry: Entry) -> None:
    if settings.deployment:
        say("starting MLflow")
        cluster.set_replicas(settings.deployment, entry.replicas)
