"""How every figure of a report is drawn: one look, and SVG that fits into an HTML page, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from html import escape
from typing import Any

import matplotlib
from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the page's text colour: the page replaces it, so that figures follow its light or dark look."""

BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7"
"""Colours that colour-blind readers can tell apart (Okabe and Ito)."""

STYLE: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.size": 9,
    "image.interpolation": "none",
    "image.origin": "lower",
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.color": INK,
    "ytick.labelsize": 8.5,
}

SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SCALABLE = re.compile(r'(?<=<svg)[^>]*?(viewBox="[^"]*")[^>]*>')
NAMES = re.compile(r'(\bid="|url\(#|href="#)(?=[\w.-])')
FONTS = re.compile(r"font-family: [^;\"]*;? ?")
LEFT_OUT = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", re.DOTALL)


def figure(width: float, height: float) -> Figure:
    """Make an empty figure in the report's style; use it inside `style`.

    Args:
        width: Inches; one inch is 72 px on the page before scaling.
        height: Inches.
    """
    return Figure(figsize=(width, height))


def style(ink: str = INK) -> AbstractContextManager[None]:
    """Switch matplotlib to the report's style for the length of a ``with`` block.

    Args:
        ink: Colour of texts and axes; figures for a page leave it to the page.
    """
    return matplotlib.rc_context({name: ink if value == INK else value for name, value in STYLE.items()})


def to_svg(drawn: Figure, name: str, label: str, titles: Mapping[str, str] | None = None) -> str:
    """Turn a figure into SVG text for the inside of an HTML page.

    Args:
        drawn: The figure, drawn inside `style`.
        name: Prefix of all identifiers, unique on the page.
        label: What the figure shows, for people who cannot see it.
        titles: Tool tips by the gid of an artist.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        drawn.savefig(buffer, format="svg", transparent=True, bbox_inches="tight", pad_inches=0.04)
    text = buffer.getvalue()
    text = LEFT_OUT.sub("", text[text.index("<svg") :])
    text = FONTS.sub("", text).replace(INK, "currentColor")
    text = NAMES.sub(rf"\g<1>{name}-", text)
    for gid, title in (titles or {}).items():
        anchor = f'id="{name}-{gid}">'
        text = text.replace(anchor, f"{anchor}<title>{escape(title)}</title>", 1)
    return SCALABLE.sub(rf' {SPACES} \g<1> role="img" aria-label="{escape(label)}">', text, count=1)
