"""Writes the report: gathers a run, draws its figures and puts them into one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from daemon.campaign import Point
from daemon.packages import beampilot_version
from daemon.recorder.disk import write_atomically
from daemon.report.charts import best_so_far, components_svg, convergence_svg, stages_of, timing_svg
from daemon.report.content import Content
from daemon.report.facts import documents_of, headline, key_figures, metadata_rows, stage_rows, title
from daemon.report.gather import gather
from daemon.report.layout import Section, environment, svg
from daemon.report.maps import MapStyle, map_svg, profile_svg
from daemon.report.stack import stack_svg, stack_text
from daemon.wording import number

INSTRUMENT_STAGES = ("motion", "exposure")
"""Stages that take the instrument's time; all others take the computer's."""


def write_report(run: Path, target: Path | None = None) -> Path:
    """Write the report of a run.

    Args:
        run: The run's folder.
        target: The HTML file; ``report.html`` in the run's folder when None.

    Returns:
        The file that was written, whole or not at all.

    Raises:
        RunNotFound: When ``run`` is not a run.
        DiskFull: When there is no room for the file.
    """
    target = target or run / "report.html"
    page = render(gather(run))
    write_atomically(target, page.encode())
    return target


def render(content: Content) -> str:
    """Make the page; it needs nothing but itself."""
    return (
        environment()
        .get_template("report.html")
        .render(
            content=content,
            title=title(content),
            headline=headline(content),
            figures=key_figures(content),
            sections=_sections(content),
            metadata=metadata_rows(content),
            documents=documents_of(content),
            points=_point_rows(content),
            source=content.path,
            version=beampilot_version(),
        )
    )


def _sections(content: Content) -> list[Section]:
    """The page's figures in the order in which a reader asks for them; parts without data are left out."""
    found = [_stack_section(content), _model_section(content), _convergence_section(content)]
    found.append(_components_section(content))
    found.append(_timing_section(content))
    return [section for section in found if section is not None]


def _stack_section(content: Content) -> Section | None:
    """Spectra and maps of a stack."""
    if content.stack is None:
        return None
    return Section("What it is made of", stack_text(content.stack), svg(stack_svg(content.stack)))


def _model_section(content: Content) -> Section | None:
    """What the model made of the search space, for one or two axes."""
    if "measured" in content.maps and content.points:
        look = MapStyle("Measured values", content.objective, 6.6, numbered=True)
        text = "Every measured position, to scale. The ring marks the best."
        return Section("What was measured", text, svg(map_svg(content, "measured", look)), kind="maps")
    if "mean" not in content.maps or len(content.axes) > 2 or not content.points:
        return None
    if len(content.axes) == 1:
        return Section(
            "What the model learned", "The line is the model, the band two deviations.", svg(profile_svg(content))
        )
    looks = {
        "mean": MapStyle("Expected value", content.objective, 6.6, numbered=True),
        "deviation": MapStyle("Uncertainty", "standard deviation", 3.3, numbered=False),
        "acquisition": MapStyle("Where to measure next", "acquisition (logarithm)", 3.3, numbered=False),
    }
    drawn = [map_svg(content, name, look) for name, look in looks.items() if name in content.maps]
    text = (
        "The numbers give the order of measuring: blue points were spread out first, dark ones the model chose. "
        "The ring marks the best. Maps are to scale; hover over a point for its value and reason."
    )
    return Section("What the model learned", text, svg(*drawn), kind="maps")


def _convergence_section(content: Content) -> Section | None:
    """How fast the search came to its result."""
    if not content.points:
        return None
    return Section("How it got there", "Each dot is one measured point.", svg(convergence_svg(content)))


def _components_section(content: Content) -> Section | None:
    """The patterns behind an objective that follows one of them."""
    if content.components is None:
        return None
    text = "Every frame is a sum of these patterns."
    if content.components.patterns.shape[1] > 1:
        text += " Weak parts are drawn brighter than they are, so that they can be seen."
    return Section("What the frames are made of", text, svg(components_svg(content.components)))


def _timing_section(content: Content) -> Section | None:
    """Where the time went, apart for the instrument and for the computer."""
    stages = stages_of(content)
    if not stages:
        return None
    instrument = [stage for stage in stages if stage in INSTRUMENT_STAGES]
    computer = [stage for stage in stages if stage not in INSTRUMENT_STAGES]
    drawn = []
    if instrument:
        drawn.append(timing_svg(content, instrument, "s", 1.0, "timing-instrument"))
    if computer:
        drawn.append(timing_svg(content, computer, "ms", 1e3, "timing-computer"))
    text = "The instrument's time per point."
    if instrument and computer:
        text = "Above, the instrument's time per point; below, the computer's, most of it while the instrument works."
    return Section("Where the time went", text, svg(*drawn), table=stage_rows(content, stages))


def _point_rows(content: Content) -> list[dict[str, Any]]:
    """The table of all points, as text."""
    best = content.best
    rows = []
    for point, so_far in zip(content.points, best_so_far(content), strict=True):
        rows.append(
            {
                "number": point.number,
                "position": [number(value) for value in point.position],
                "value": number(point.value) if np.isfinite(point.value) else "failed",
                "best": number(float(so_far)),
                "expected": _expected(point),
                "acquisition": number(point.choice.acquisition) if point.choice else "",
                "kind": point.kind,
                "is_best": best is not None and point.number == best.number,
            }
        )
    return rows


def _expected(point: Point) -> str:
    """What the model expected of a point before it was measured."""
    choice = point.choice
    if choice is None or not np.isfinite(choice.mean):
        return ""
    return f"{number(choice.mean)} ± {number(choice.deviation)}"
