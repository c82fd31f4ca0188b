"""Progress on standard output."""

import time
from collections.abc import Callable


def say(line: str) -> None:
    """Prints one line at once, also into a pipe."""
    print(line, flush=True)


def sparingly(seconds: float = 2) -> Callable[[str], None]:
    """Prints at most one line in that time."""
    next_line = 0.0

    def report(line: str) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line:
            say(line)
            next_line = time.monotonic() + seconds

    return report


def size_text(count: float) -> str:
    """Bytes for people: `4.2 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
