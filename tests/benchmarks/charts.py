"""The charts of the documentation: bars, drawn from the figures beside them, which come from a run."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.benchmarks.apps import ROOT

_IMAGES = ROOT / "docs" / "images"
_WIDTH, _LABELS, _VALUES, _ROW, _TOP = 900, 350, 170, 26, 44
# Of a bar beyond the edge; what is longer is cut there.
_LONGEST = 2.0

_STYLE = """<style>
text{font:13px system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1b1f27}.met{fill:#2a7d4f}.missed{fill:#b4531c}
.bar{fill:#4a4fc4}.line{stroke:#566071;stroke-dasharray:4 3}
@media(prefers-color-scheme:dark){text{fill:#e6e9ef}.met{fill:#4fbf83}.missed{fill:#ef9255}.bar{fill:#9a9ef5}.line{stroke:#98a2b3}}
</style>"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: what it is of.
        length: as a part of the longest that is shown.
        text: the figure.
        kind: how it is coloured: `bar`, `met` or `missed`.
    """

    label: str
    length: float
    text: str
    kind: str = "bar"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in the documentation, and the figures that it is drawn from.

    Attributes:
        name: of both files in docs/images.
        draw: returns the chart as SVG.
    """

    name: str
    draw: Callable[[Any], str]

    @property
    def figures(self) -> Path:
        """Return where the figures are."""
        return _IMAGES / f"{self.name}.json"

    @property
    def image(self) -> Path:
        """Return where the chart is."""
        return _IMAGES / f"{self.name}.svg"

    def publish(self, figures: Any) -> None:
        """Write the figures, and the chart that they make."""
        self.figures.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        self.image.write_text(self.draw(figures), encoding="utf-8")


def _svg(title: str, bars: Sequence[Bar], line: float | None = None) -> str:
    """Return a chart of bars, one below the other; `line` is drawn across them, as a part of the longest."""
    height, room = _TOP + _ROW * len(bars) + 8, _WIDTH - _LABELS - _VALUES

    def parts() -> Iterator[str]:
        yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t">'
        yield f'<title id="t">{escape(title)}</title>{_STYLE}'
        yield f'<text x="0" y="20" font-weight="600">{escape(title)}</text>'
        for number, bar in enumerate(bars):
            y, width = _TOP + _ROW * number, max(room * min(bar.length, 1.0), 2.0)
            yield f'<text x="{_LABELS - 10}" y="{y + 14}" text-anchor="end">{escape(bar.label)}</text>'
            yield f'<rect class="{bar.kind}" x="{_LABELS}" y="{y}" width="{width:.1f}" height="18" rx="3"/>'
            end = max(width, room * (line or 0.0))  # the line crosses no text
            yield f'<text x="{_LABELS + end + 8:.1f}" y="{y + 14}">{escape(bar.text)}</text>'
        if line is not None:
            x = _LABELS + room * line
            yield f'<line class="line" x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height}"/>'
        yield "</svg>"

    return "\n".join(parts()) + "\n"


def goal_lines(figures: Any) -> list[str]:
    """Return the table of the goals as docs/performance.md has it."""
    return [
        f"| {goal['name']} | {_limit(goal)} | {goal['measured']['median']:.3g} | {'met' if goal['met'] else 'missed'} |"
        for goal in figures["goals"]
    ]


def _limit(goal: Any) -> str:
    return f"{'≥' if goal['atLeast'] else '≤'} {goal['limit']:g}"


def _goals(figures: Any) -> str:
    """Return how much of each goal is reached: up to the line and beyond is met."""
    bars: list[Bar] = []
    for goal in figures["goals"]:
        measured, limit = goal["measured"]["median"], goal["limit"]
        reached = measured / limit if goal["atLeast"] else limit / measured
        text = f"{measured:.3g}, goal {_limit(goal)}"
        bars.append(Bar(goal["short"], reached / _LONGEST, text, "met" if goal["met"] else "missed"))
    return _svg("Reached of each goal; the line is the goal", bars, 1 / _LONGEST)


def _rates(figures: Any) -> str:
    """Return how many meetings a second come of so many instances, each with one core."""
    rates: dict[str, float] = {
        name.removeprefix("processor-"): each["per_second"]
        for name, each in figures.items()
        if name.startswith("processor-") and "one" not in name
    }
    most = max(rates.values())
    bars = [
        Bar(f"{name} {'instance' if name == '1' else 'instances'}", rate / most, f"{rate:,.0f}")
        for name, rate in rates.items()
    ]
    return _svg("Meetings a second, by simulation with the measured processor time", bars)


PERFORMANCE = Chart("performance", _goals)
SCALE = Chart("scale", _rates)
CHARTS = (PERFORMANCE, SCALE)
