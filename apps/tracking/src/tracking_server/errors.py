"""The one kind of failure that is told to the operator in a sentence instead of a traceback."""


class StartupError(Exception):
    """Something the operator can mend: the message names the setting, the rule and the fix."""
