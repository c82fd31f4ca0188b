"""Names and messages that come from elsewhere, as text that Markdown leaves alone."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|$:~&])")


def plain(text: str) -> str:
    """The text with every character that means something to Markdown escaped."""
    return _SPECIAL.sub(r"\\\1", text)


def words(name: str) -> str:
    """`disease_progression` as a heading: Disease progression."""
    spaced = re.sub(r"[-_\s]+", " ", name).strip()
    return plain(spaced[:1].upper() + spaced[1:])
