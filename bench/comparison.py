"""What a benchmark found, as `npm run bench` shows and keeps it; comparison.ts writes the same."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Comparison:
    """Two things measured in turn: the values at the same place are of one pair."""

    what: str
    against: str
    unit: str
    """Such as `s` or `requests/s`."""
    ours: list[float]
    theirs: list[float]
    moreIsBetter: bool  # noqa: N815  # as in JSON
    target: float | None = None
    """How many times better it is to be at the median; without it, the figure is only told."""
    modelled: bool = False
    """Whether it was worked out and not measured, so that its target is shown but gates nothing."""

    @property
    def ratios(self) -> list[float]:
        """How many times better ours is, of each pair, from the worst to the best."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return sorted(a / b if self.moreIsBetter else b / a for a, b in pairs)


def keep(name: str, title: str, comparisons: list[Comparison], about: dict[str, object]) -> None:
    """Write what was found."""
    RESULTS.mkdir(exist_ok=True)
    models = [
        line.partition(": ")[2]
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    machine = {"cores": len(models), "processor": models[0], "load": os.getloadavg()[0]}
    result = {
        "title": title,
        "date": datetime.now(UTC).isoformat(),
        "machine": machine,
        "about": about,
        "comparisons": [asdict(one) for one in comparisons],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
