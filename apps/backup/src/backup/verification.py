"""Reads a snapshot back and compares it with its manifest."""

import time

from backup import repository
from backup.errors import BackupError
from backup.manifest import (
    ARTIFACTS,
    MANIFEST,
    Manifest,
    file_differences,
    files_in_tar,
    from_json,
    hash_stream,
)
from backup.progress import say
from backup.repository import DAMAGED, VERIFIED, Snapshot
from backup.settings import Settings

# Each backup reads another seventh of the stored data, so seven backups read all of it.
PARTS = 7
_DAY = 86400


def manifest_of(snapshot: Snapshot) -> Manifest:
    with repository.stream(snapshot, MANIFEST) as content:
        text = content.read()
    return from_json(text)


def verify(settings: Settings, snapshot: Snapshot, *, everything: bool) -> list[str]:
    """What is wrong with a snapshot; the snapshot is marked accordingly."""
    try:
        faults = _faults(settings, snapshot, everything=everything)
    except BackupError as error:
        faults = [str(error)]
    good, bad = (VERIFIED, DAMAGED) if not faults else (DAMAGED, VERIFIED)
    repository.tag(snapshot, add=good, remove=bad)
    return faults


def _faults(settings: Settings, snapshot: Snapshot, *, everything: bool) -> list[str]:
    part = int(time.time() / _DAY) % PARTS + 1
    say("reading back " + ("everything" if everything else "the dumps and a part of the data"))
    if fault := repository.check("100%" if everything else f"{part}/{PARTS}"):
        return [fault]
    manifest = manifest_of(snapshot)
    faults: list[str] = []
    for role in settings.databases:
        with repository.stream(snapshot, f"{role}.dump") as content:
            if hash_stream(content) != manifest.databases[role]["sha256"]:
                faults.append(f"the dump of the {role} database has different content")
    if everything:
        with repository.stream(snapshot, ARTIFACTS) as archive:
            found = files_in_tar(archive, ARTIFACTS)
        return faults + file_differences(manifest.files, found)
    sizes = repository.sizes(snapshot, ARTIFACTS)
    return faults + [f"{path} is missing" for path in manifest.files if path not in sizes]
