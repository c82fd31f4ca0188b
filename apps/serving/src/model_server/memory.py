"""How much memory this process may still take before its container is killed."""

from __future__ import annotations

from pathlib import Path

# The container's own limit, by version of cgroups. Version 1 writes a huge number for none.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_NO_LIMIT = 1 << 60
# Kept free for requests that are answered meanwhile.
_RESERVE = 64 * 1024 * 1024


def memory_limit() -> int | None:
    """The container's memory limit in bytes, or None without one."""
    for path in map(Path, _LIMITS):
        if path.is_file():
            text = path.read_text().strip()
            return int(text) if text.isdigit() and int(text) < _NO_LIMIT else None
    return None


def headroom(limit: int | None) -> int:
    """Bytes that a further model may take; without a limit, what the machine has."""
    if limit is None:
        free = _kibibytes(Path("/proc/meminfo"), "MemAvailable")
    else:
        free = limit - _kibibytes(Path("/proc/self/status"), "VmRSS")
    return max(0, free - _RESERVE)


def data_size() -> int:
    """Bytes of this process that count against RLIMIT_DATA."""
    return _kibibytes(Path("/proc/self/status"), "VmData")


def resident_size() -> int:
    """Bytes of memory that this process has written to."""
    return _kibibytes(Path("/proc/self/status"), "RssAnon")


def _kibibytes(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"{path} has no {name}")
