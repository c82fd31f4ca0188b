"""Progress on standard output."""


def say(line: str) -> None:
    """Prints one line at once, also into a pipe."""
    print(line, flush=True)
