"""The page docs/performance.md and its pictures, from what the benchmarks have kept."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from comparison import RESULTS, Comparison
from matplotlib.ticker import LogLocator

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"
GENERATED = "<!-- What follows is written by bench/report.py. -->\n"
# Grey on grey would be lost on one of the two backgrounds that the page may have.
INK, BAR, MARK = "#808080", "#4c8dd6", "#d6804c"


def main() -> None:
    """Write both."""
    parts = []
    for path in sorted(RESULTS.glob("*.json")):
        result = json.loads(path.read_text())
        comparisons = [Comparison(**one) for one in result["comparisons"]]
        if drawn := [one for one in comparisons if one.target is not None]:
            draw(drawn, DOCS / "images" / f"bench-{path.stem}.svg")
        parts.append("\n".join(part(path.stem, result, comparisons)))
    by_hand, mark, _ = PAGE.read_text().partition(GENERATED)
    PAGE.write_text(by_hand + mark + "\n".join(parts))


def part(name: str, result: dict[str, Any], comparisons: list[Comparison]) -> Iterator[str]:
    """The lines of one benchmark."""
    machine = result["machine"]
    where = f"{machine['cores']} cores of {machine['processor']}"
    load = f"load {machine['load']:.1f} at the end"
    yield f"\n## {result['title']}\n"
    yield f"`npm run bench {name}`, {result['date'][:10]}, {where}, {load}.\n"
    yield from (f"{note}\n" for note in result["about"].get("notes", []))
    if any(one.target is not None for one in comparisons):
        yield f"![Ratios, each with its range and its target](images/bench-{name}.svg)\n"
    yield "| What | Against | This platform | The other | Better by | Target |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for one in comparisons:
        ratios = one.ratios
        ours, theirs = (
            f"{short(statistics.median(of))} {one.unit}" for of in (one.ours, one.theirs)
        )
        better = f"x {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        target = "" if one.target is None else f"x {one.target:.2f}"
        yield f"| {one.what} | {one.against} | {ours} | {theirs} | {better} | {target} |"
    yield ""


def short(value: float) -> str:
    """Three digits of it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def draw(comparisons: list[Comparison], path: Path) -> None:
    """A bar for each ratio that has a target, on a scale of factors."""
    mpl.rcParams |= {
        "svg.hashsalt": "bench",
        "svg.fonttype": "none",
        "font.size": 9,
        "text.color": INK,
    }
    height = 0.7 + 0.32 * len(comparisons)
    figure, axes = plt.subplots(figsize=(9, height), layout="constrained")
    for place, one in enumerate(comparisons):
        ratios = one.ratios
        middle = statistics.median(ratios)
        axes.barh(place, middle - 1, left=1, color=BAR, height=0.6)
        axes.plot([ratios[0], ratios[-1]], [place, place], color=INK, linewidth=1.5)
        axes.plot([one.target] * 2, [place - 0.42, place + 0.42], color=MARK, linewidth=2.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"x {value:g}")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.minorticks_off()
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_yticks(
        range(len(comparisons)), [f"{one.what} vs. {one.against}" for one in comparisons]
    )
    axes.invert_yaxis()
    axes.tick_params(colors=INK)
    axes.spines[:].set_visible(False)
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
