"""The columns of a signature by the names that requests give them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from model_server.errors import InputError
from model_server.wording import quoted

# Columns outside the signature are ignored, as MLflow does. So many are a mistake or an attack.
_MOST_OTHERS = 1000
_LISTED = 10


class Names:
    """Iterates over the signature's columns in its order. `positions` says that they are only
    numbered, so that rows may come without names."""

    def __init__(self, names: Sequence[str], positions: bool = False) -> None:
        self.positions = positions
        self.all = list(names)
        self._known = {name: name for name in names}
        self._spellings = _spellings(names)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[str]:
        return iter(self.all)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def find(self, form: str, sent: Collection[str]) -> dict[str, str]:
        """The request's own name of each column that it has, by the signature's name. One that
        differs only in spaces around it or in its Unicode form (é is one character or two) is the
        same."""
        if list(sent) == self.all:  # as most requests have it
            return self._known
        found = {name: name for name in self.all if name in sent}
        if len(found) == len(sent):
            return found
        self.bound(form, len(sent))
        for other in sent:
            name = None if other in self._known else self._spellings.get(_spelling(other))
            if name in found:
                raise InputError(f"{form}: column {quoted(name)} appears twice")
            if name is not None:
                found[name] = other
        return found

    def bound(self, form: str, columns: int) -> None:
        """Raise if a request has far more columns than the signature."""
        if columns > len(self.all) + _MOST_OTHERS:
            raise InputError(
                f"{form}: {columns} columns are too many for a model of {len(self.all)}; "
                f"at most {_MOST_OTHERS} others are ignored"
            )

    def absent(self, absent: Sequence[str], sent: Iterable[str]) -> InputError:
        """Columns that the model requires and the request does not have."""
        text = f"Missing column{'s' if len(absent) > 1 else ''} {_listed(absent)}"
        unknown = [name for name in sent if name not in self._known]
        if unknown:
            text += f"; the model does not know {_listed(unknown)}"
        return InputError(text)


def refuse_twice(what: str, names: Sequence[str]) -> None:
    """Raise if a name appears twice: it would be unclear which values count."""
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"{what} {quoted(name)} appears twice")
        seen.add(name)


def _spelling(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _spellings(names: Sequence[str]) -> dict[str, str]:
    """Each name by its plain spelling, except names that differ only in their spelling."""
    spelled: dict[str, list[str]] = {}
    for name in names:
        spelled.setdefault(_spelling(name), []).append(name)
    return {spelling: same[0] for spelling, same in spelled.items() if len(same) == 1}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(map(quoted, islice(names, _LISTED))) + more
