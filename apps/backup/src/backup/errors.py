"""What ends a command with one sentence instead of a traceback."""


class BackupError(Exception):
    """Says what failed and how to fix it."""
