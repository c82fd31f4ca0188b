"""Errors that end a command with one sentence instead of a traceback."""


class BackupError(Exception):
    """The message names what failed and how to fix it."""
