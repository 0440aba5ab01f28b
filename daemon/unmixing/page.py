"""The report of an unmixed stack: one HTML file that opens offline, in the look of a run's report."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from analysis.unmixing.choose import LEAST_SHARE
from daemon.packages import beampilot_version
from daemon.recorder.disk import write_atomically
from daemon.report.drawing import style, to_svg
from daemon.report.layout import Section, environment, svg
from daemon.unmixing.figures import draw_choice, draw_correlations, draw_map_figure, draw_spectra
from daemon.unmixing.summary import TOLD, summary, trial_facts
from daemon.unmixing.work import Outcome
from daemon.wording import amount, duration, number, span

CERTAIN = 0.75
"""Share of the image's quarters that must agree for a choice to be called sure: three of four."""


def write_page(outcome: Outcome, file: Path) -> None:
    """Write the report.

    Args:
        outcome: The unmixed stack.
        file: The HTML file.

    Raises:
        DiskFull: There is no room for it.
    """
    facts = summary(outcome)
    page = (
        environment("daemon.unmixing")
        .get_template("unmixing.html")
        .render(
            title=f"What {outcome.path.name} is made of",
            headline=headline(facts),
            figures=key_figures(facts),
            sections=_sections(outcome),
            repairs=[*facts["repairs"], *facts["notes"]],
            facts=_fact_rows(outcome, facts),
            source=outcome.path,
            version=beampilot_version(),
        )
    )
    write_atomically(file, page.encode())


def headline(facts: dict[str, Any]) -> str:
    """The result in one or two sentences."""
    told = [_told(component) for component in facts["components"]]
    listed = ", ".join(told[:-1]) + f" and {told[-1]}" if len(told) > 1 else told[0]
    return f"Made of {listed}."


def _told(component: dict[str, Any]) -> str:
    """One component in words."""
    text = f"{component['name']} ({100 * component['share']:.0f} % of the counts"
    r = component.get("correlation", math.nan)
    if math.isfinite(r):
        like = "" if component["standard"] == component["name"] else f"most like {component['standard']}, "
        text += f", {like}r = {r:.3f}"
    return text + ")"


def key_figures(facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The few numbers that a reader wants first: (value, label, remark)."""
    remark = f"{facts['pixels']:,} spectra of {facts['frames']} energies"
    found = [(str(facts["n_components"]), "components", remark)]
    found.append((sureness(facts["certainty"]), "how sure", _sure_remark(facts["certainty"])))
    method = facts["method"] + (f", ω = {number(facts['omega'])}" if facts["method"] == "nmf-so" else "")
    found.append((facts["background"], "background removed", f"spectra by {method}"))
    if facts["shift"] is not None:
        found.append((_shift(facts["shift"]), "shift to the standards", "the same for all components"))
    found.append((duration(facts["seconds"]), "time taken", ""))
    return found


def _shift(shift: float) -> str:
    """A shift with its sign."""
    return f"{shift:+.2f} eV".replace("-", "−") if abs(shift) >= 0.005 else "0 eV"


def sureness(certainty: float) -> str:
    """How sure a choice is, in a word."""
    if not math.isfinite(certainty):
        return "not known"
    return "sure" if certainty >= CERTAIN else "fairly sure" if certainty >= 0.5 else "unsure"


def _sure_remark(certainty: float) -> str:
    """What that word rests on."""
    if not math.isfinite(certainty):
        return "the image is too small to be cut into quarters"
    return f"{round(4 * certainty)} of 4 interleaved quarters of the image lead to the same components"


def _sections(outcome: Outcome) -> list[Section]:
    """The page's figures in the order in which a reader asks for them."""
    with style():
        maps = to_svg(draw_map_figure(outcome), "maps", "Maps of the components")
        spectra = to_svg(draw_spectra(outcome), "spectra", "Spectra of the components")
        choice = to_svg(draw_choice(outcome), "choice", "Scores of the recipes that were tried")
        table = draw_correlations(outcome)
        correlations = None if table is None else to_svg(table, "correlations", "Correlation with standards")
    found = [
        Section("Where it is", _map_text(outcome), svg(maps)),
        Section("What it is", _spectra_text(outcome), svg(spectra)),
    ]
    if correlations is not None:
        text = (
            "Pearson correlation of each component with each standard after the shift, in brackets without it. "
            "A frame marks the best assignment, one component to one standard."
        )
        found.append(Section("Which standard it resembles", text, svg(correlations)))
    found.append(
        Section("What was chosen, and what else there was", _choice_text(outcome), svg(choice), table=_trials(outcome))
    )
    return found


def _map_text(outcome: Outcome) -> str:
    """What the maps show."""
    text = (
        "The shares of a pixel add up to 1; each map runs from 0 to its own largest share. The first picture lays all "
        "components over one another, each stretched from its smallest to its largest share."
    )
    width = outcome.unmixing.smoothing
    return text + (f" Maps are averaged with a kernel of {number(width)} pixels." if width else "")


def _spectra_text(outcome: Outcome) -> str:
    """What the spectra show."""
    removed = outcome.unmixing.background
    text = "Spectra have mean 1" + ("." if removed == "none" else f", after a background ({removed}) was removed.")
    if outcome.unmixing.comparison is not None:
        text += " Standards are shifted as a whole, and fitted to the component together with a straight line."
    return text


def _choice_text(outcome: Outcome) -> str:
    """How the choice was made."""
    choice = outcome.unmixing.choice
    count = int(np.sum(choice.strengths >= LEAST_SHARE))
    text = (
        f"{len(choice.trials)} recipes were tried on a smaller image. The raw data have {count} dimensions beyond the "
        f"first that hold at least {100 * LEAST_SHARE:.0f} % of the variation between pixels (right)."
    )
    if outcome.unmixing.comparison is not None:
        return (
            text
            + " The score is the mean correlation with the standards, less misfit, overlap of maps, and signal lost."
        )
    return text + " The score is 1 less misfit, artefacts, overlap of maps, and signal lost with the background."


def _trials(outcome: Outcome) -> tuple[tuple[str, ...], ...]:
    """A table of the best recipes."""
    known = outcome.unmixing.comparison is not None
    measures = ["score", "misfit", "artefacts", "overlap", "lost", *(["correlation"] if known else [])]
    rows = [("background", "method", "start", "ω", "components", *measures)]
    for trial in outcome.unmixing.choice.trials[:TOLD]:
        facts = trial_facts(trial)
        omega = number(facts["omega"]) if facts["method"] == "nmf-so" else "–"
        told = [f"{facts[name]:.3f}" for name in measures]
        rows.append((facts["background"], facts["method"], facts["start"], omega, str(facts["n_components"]), *told))
    return tuple(rows)


def _fact_rows(outcome: Outcome, facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What was read, and what was done to it."""
    stack = outcome.stack
    height, width = facts["shape"]
    low, high = facts["energies"]
    size = facts["frames"] * facts["pixels"] * stack.frames.dtype.itemsize
    return [
        ("read", stack.origin),
        ("folder", str(outcome.path.parent)),
        ("frames", f"{facts['frames']} of {height} × {width} pixels, {stack.frames.dtype}, {amount(size)}"),
        ("energies", span(low, high, "eV")),
        ("I0", "each frame was divided by it" if facts["i0"] else "none"),
        ("dark frame", "subtracted from each frame" if facts["dark"] else "none"),
        ("standards", ", ".join(facts["standards"]) or "none"),
    ]
