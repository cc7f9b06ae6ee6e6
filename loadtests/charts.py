"""Small inline SVG charts; colours come from the page, so they follow its light or dark theme."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 1040
BARS_WIDTH: Final = 500
HEIGHT: Final = 260
LEFT: Final = 64
BOTTOM: Final = 34
TOP: Final = 12
RIGHT: Final = 12
BAR: Final = 24
GAP: Final = 10
LABEL: Final = 96
VALUE: Final = 110
TICKS: Final = 5

Point = tuple[float, float]
Bar = tuple[str, float, str]
"""Label, length, and the figure to print beside it."""


def area(points: Sequence[Point], *, x_label: str, y_label: str) -> Markup:
    """Return a filled line through the points, both axes from 0."""
    if not points:
        return Markup("")
    x_top = max(x for x, _ in points) or 1.0
    y_ticks = ticks(max(y for _, y in points))
    across, up = (WIDTH - LEFT - RIGHT) / x_top, (HEIGHT - TOP - BOTTOM) / y_ticks[-1]
    floor_y = HEIGHT - BOTTOM
    line = " ".join(f"{LEFT + x * across:.1f},{floor_y - y * up:.1f}" for x, y in points)
    first, last = LEFT + points[0][0] * across, LEFT + points[-1][0] * across
    grid = "".join(_y_tick(tick, floor_y - tick * up) for tick in y_ticks)
    marks = "".join(_x_tick(tick, LEFT + tick * across) for tick in ticks(x_top) if tick <= x_top)
    return _svg(
        WIDTH,
        HEIGHT,
        f"{y_label} by {x_label}",
        f"{grid}{marks}"
        f'<polygon class="fill" points="{first:.1f},{floor_y} {line} {last:.1f},{floor_y}"/>'
        f'<polyline class="line" points="{line}"/>'
        f'<text class="axis" x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{escape(x_label)}</text>',
    )


def bars(rows: Sequence[Bar], *, title: str) -> Markup:
    """Return horizontal bars from 0, each with its label before and its figure after it."""
    longest = max((length for _, length, _ in rows), default=0) or 1.0
    scale = (BARS_WIDTH - LABEL - VALUE) / longest
    drawn = "".join(_bar(index, row, scale) for index, row in enumerate(rows))
    return _svg(BARS_WIDTH, len(rows) * (BAR + GAP) or 1, title, drawn)


def ticks(top: float) -> list[float]:
    """Return round figures from 0 to at least `top`, a handful of them."""
    if top <= 0:
        return [0.0, 1.0]
    rough = top / TICKS
    magnitude = 10.0 ** floor(log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough)
    return [step * n for n in range(ceil(top / step - 1e-9) + 1)]


def _svg(width: int, height: int, title: str, content: str) -> Markup:
    return Markup(f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">{content}</svg>')


def _y_tick(value: float, y: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="axis" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,.10g}</text>'
    )


def _x_tick(value: float, x: float) -> str:
    return f'<text class="axis" x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{value:,.10g}</text>'


def _bar(index: int, row: Bar, scale: float) -> str:
    label, length, figure = row
    y = index * (BAR + GAP)
    width = max(1.0, length * scale)
    middle = y + BAR / 2 + 5
    return (
        f'<text class="label" x="{LABEL - 10}" y="{middle}" text-anchor="end">{escape(label)}</text>'
        f'<rect class="bar bar{index}" x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" rx="4"/>'
        f'<text class="label" x="{LABEL + width + 8:.1f}" y="{middle}">{escape(figure)}</text>'
    )
