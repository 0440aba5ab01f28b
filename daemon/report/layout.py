"""What pages of a report have in common: their look, their sections, and how they are rendered."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: a heading, a sentence that says what one sees, and figures.

    Attributes:
        title: The heading.
        text: What the figures show.
        figures: SVG; the first is drawn large where there are several and ``kind`` is ``maps``.
        kind: How the figures are laid out: ``maps`` or ``rows``.
        table: Rows of a small table below, the first one its titles.
    """

    title: str
    text: str
    figures: tuple[Markup, ...]
    kind: str = "rows"
    table: tuple[tuple[str, ...], ...] = ()


def environment(package: str = "daemon.report") -> Environment:
    """Make the templates of a package; they can extend this package's ``base.html``.

    Args:
        package: Where their folder ``templates`` is.
    """
    return Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, "daemon.report"))]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def svg(*drawings: str) -> tuple[Markup, ...]:
    """Mark our own figures as safe to put into a page; their texts were escaped when they were drawn."""
    return tuple(Markup(drawing) for drawing in drawings)  # noqa: S704 - made by to_svg, which escapes
