"""Names and messages that come from elsewhere, as text that Markdown leaves alone."""

import re
from collections.abc import Sequence

# Only where Markdown would act on it: a screen reader reads the escaped text of a label.
_SPECIAL = re.compile(
    r"[\\`*\[\]<>$~|&]"  # always
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is an underscore
    r"|:(?=[A-Za-z/+_-])"  # :red[…], :material/…: and :smile: but not 12:30
    r"|^[#+-]",  # a heading or a list
    re.MULTILINE,
)


def plain(text: str) -> str:
    """The text with the characters escaped that Markdown would act on."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def words(name: str) -> str:
    """`disease_progression` as a heading: Disease progression."""
    spaced = re.sub(r"[-_\s]+", " ", name).strip()
    return plain(spaced[:1].upper() + spaced[1:])


def series(names: Sequence[str], most: int = 20) -> str:
    """`a, b, c`, cut short where there are too many to read."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(name or "(no name)" for name in names[:most]) + more


def columns(names: Sequence[str]) -> str:
    """`the columns a, b`."""
    return f"the column{'s' if len(names) > 1 else ''} {series(names)}"
