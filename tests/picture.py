"""Draw the dashboard of a template, with made-up numbers, for the docs."""

from __future__ import annotations

import json
import math
import re
from typing import Any
from xml.sax.saxutils import escape

Json = dict[str, Any]

UNIT_X, UNIT_Y, GAP = 44, 26, 6  # pixels of one of the 24 columns and of one row; between two widgets
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728")
# What goes wrong is rare.
STILL = ("FailedRowCount", "Throttled", "Errors", "Throttles", "BytesUploaded")


def picture(body: str) -> str:
    """Return a dashboard's body as an SVG."""
    widgets = json.loads(body)["widgets"]
    width = 24 * UNIT_X
    height = max(each["y"] + each["height"] for each in widgets) * UNIT_Y
    drawn = "\n".join(_widget(each) for each in widgets)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">\n'
        f'<rect width="{width}" height="{height}" fill="#f2f3f3"/>\n{drawn}\n</svg>\n'
    )


def _widget(widget: Json) -> str:
    x, y = widget["x"] * UNIT_X + GAP / 2, widget["y"] * UNIT_Y + GAP / 2
    width, height = widget["width"] * UNIT_X - GAP, widget["height"] * UNIT_Y - GAP
    shown = widget["properties"]
    inside = _alarms(shown) if widget["type"] == "alarm" else _graph(shown, width, height)
    return (
        f'<g transform="translate({x:g} {y:g})">\n'
        f'<rect width="{width:g}" height="{height:g}" fill="white" stroke="#d5dbdb"/>\n'
        f'<text x="8" y="16" font-weight="bold">{escape(shown["title"])}</text>\n{inside}\n</g>'
    )


def _alarms(shown: Json) -> str:
    cells = []
    for index, arn in enumerate(shown["alarms"]):
        row, column = divmod(index, 6)
        x, y = 8 + column * 174, 24 + row * 16
        name = re.sub(r"\$\{(\w+?)(Alarm)?\.Arn\}", r"\1", arn)
        cells.append(f'<rect x="{x}" y="{y}" width="9" height="9" fill="#1d8102"/>')
        cells.append(f'<text x="{x + 13}" y="{y + 9}" font-size="9">{escape(name)}</text>')
    return "\n".join(cells)


def _graph(shown: Json, width: float, height: float) -> str:
    left, right, top, bottom = 34, width - 10, 40, height - 26
    parts = [f'<path d="M{left} {top}V{bottom:g}H{right:g}" fill="none" stroke="#879596"/>']
    parts.append(f'<text x="8" y="32" fill="#687078">{escape(shown["yAxis"]["left"]["label"])}</text>')
    for index, metric in enumerate(shown["metrics"]):
        colour = COLOURS[index % len(COLOURS)]
        heights = (_height(metric, index, step) * (bottom - top) for step in range(41))
        points = " ".join(
            f"{left + step * (right - left) / 40:.1f},{bottom - each:.1f}"
            for step, each in enumerate(heights)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        room = min(108, (right - left) / len(shown["metrics"]))
        size = 8 if room < 100 else 9
        place = f'x="{left + index * room:g}" y="{height - 8:g}" fill="{colour}" font-size="{size}"'
        parts.append(f"<text {place}>{escape(_label(metric))}</text>")
    return "\n".join(parts)


def _label(metric: list[Any]) -> str:
    """Return what a line is of: the stream, function or workgroup, and what of it where that is not all."""
    if isinstance(metric[0], dict):
        return str(metric[0]["label"]).strip("${}")
    thing = metric[-1].strip("${}")
    return f"{thing.removesuffix('Function')} {metric[1]}" if metric[1] in ("Errors", "Throttles") else thing


def _height(metric: list[Any], index: int, step: int) -> float:
    """Return a made-up value between 0 and 1: a day's waves, or nearly nothing for what goes wrong."""
    name = str(metric[0] if isinstance(metric[0], dict) else metric[1])
    if any(word in name for word in STILL):
        return 0.3 if index == 0 and step in (26, 27) else 0.01
    return 0.45 + 0.3 * math.sin((step + 9 * index) / 6.4) + 0.06 * math.sin(step * 2.1 + index)
