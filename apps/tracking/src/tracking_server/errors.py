"""Failures that end with one sentence for the operator instead of a traceback."""


class StartupError(Exception):
    """An error that the operator can fix: the message names the setting, the rule and the fix."""

    exit_code = 1


class DatabaseAwayError(StartupError):
    """A temporary failure: after this exit code the Job retries."""

    exit_code = 75
