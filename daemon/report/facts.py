"""The words and numbers of a report, in an operator's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from daemon.campaign import position_text
from daemon.progress import parameters_of
from daemon.report.content import Content
from daemon.wording import duration, moment, number, span

ENDINGS = {
    "success": "finished",
    "abort": "aborted",
    "fail": "failed",
    "": "still open",
}
"""What a stop document's exit status means, in words."""

OUR_OWN = frozenset(
    [
        "axes",
        "beampilot",
        "detectors",
        "extents",
        "hints",
        "metadata",
        "motors",
        "num_intervals",
        "num_points",
        "objective",
        "parameters",
        "plan_args",
        "plan_name",
        "plan_pattern",
        "plan_pattern_args",
        "plan_pattern_module",
        "plan_type",
        "scan_id",
        "shape",
        "snaking",
        "time",
        "uid",
        "versions",
    ]
)
"""Keys of a start document that Beampilot or bluesky writes; all others came from the operator."""


def title(content: Content) -> str:
    """One line that names the run: ``Scan 12 · autonomous scan of Si-Ge film 7``."""
    plan = str(content.start.get("plan_name", "run")).replace("_", " ")
    sample = content.start.get("sample")
    if isinstance(sample, Mapping):
        sample = sample.get("name")
    return f"Scan {content.start.get('scan_id', '–')} · {plan}" + (f" of {sample}" if sample else "")


def ending(content: Content) -> str:
    """How the run ended, with its reason where it has one."""
    status = str(content.stop.get("exit_status", ""))
    reason = str(content.stop.get("reason") or "")
    return ENDINGS.get(status, status) + (f": {reason}" if reason else "")


def headline(content: Content) -> str:
    """The result in one sentence."""
    if content.survey is not None:
        return f"Counted: {content.survey.headline}."
    if content.stack is not None and not content.start.get("objective"):
        return f"Made of {content.stack.headline}."
    best = content.best
    if best is None:
        return "Nothing was measured successfully."
    word = "highest" if content.maximize else "lowest"
    of = f" of {content.grid_points:,} positions" if content.grid_points else ""
    return (
        f"The {word} value, {number(best.value)}, was found at {position_text(content.axes, best.position)} "
        f"with point {best.number}; {len(content.points)}{of} were measured."
    )


def key_figures(content: Content) -> list[tuple[str, str, str]]:
    """The few numbers that a reader wants first: (value, label, remark)."""
    best, stack = content.best, content.stack
    count = len(content.points)
    share = f"of {content.grid_points:,} grid positions" if content.grid_points else ""
    at = position_text(content.axes, best.position) if best else ""
    sought = (number(best.value) if best else "–", "best value", at)
    if stack is not None and not content.start.get("objective"):
        sought = (str(len(stack.names)), "components", f"{len(stack.energies)} energies")
    if content.survey is not None:
        survey = content.survey
        sought = (number(survey.value), f"clusters{survey.unit}", f"{number(survey.low)} to {number(survey.high)}")
    found = [
        sought,
        (f"{count:,}", "points measured", share),
        (duration(content.seconds), "instrument time", ""),
    ]
    if content.grid_seconds and content.seconds < 0.99 * content.grid_seconds:
        saved = 1.0 - content.seconds / content.grid_seconds
        remark = f"the full grid takes about {_unbroken(duration(content.grid_seconds))}"
        found.append((f"{100 * saved:.0f} %", "time saved", remark))
    status, reason = str(content.stop.get("exit_status", "")), str(content.stop.get("reason") or "")
    found.append((ENDINGS.get(status, status), "how it ended", reason))
    return found


def _unbroken(text: str) -> str:
    """A text that no line break may part."""
    return text.replace(" ", "\u00a0")


def stage_rows(content: Content, stages: list[str]) -> tuple[tuple[str, ...], ...]:
    """A table of what each stage of a point took: median, 95th percentile, total."""
    rows: list[tuple[str, ...]] = [("stage", "median", "95th percentile", "total")]
    named = {stage: [point.times.get(stage, np.nan) for point in content.points] for stage in stages}
    named["instrument waiting for the computer"] = [point.waiting for point in content.points]
    for stage, times in named.items():
        known = np.array(times)[np.isfinite(times)]
        if known.size:
            figures = (np.median(known), np.percentile(known, 95), known.sum())
            rows.append((stage, *(duration(float(figure)) for figure in figures)))
    return tuple(rows)


def metadata_rows(content: Content) -> list[tuple[str, str]]:
    """What the campaign was: plan, times, identifiers, and all that the operator wrote."""
    start, stop = content.start, content.stop
    rows = [
        ("plan", str(start.get("plan_name", "–"))),
        ("objective", _objective(content)),
        ("started", moment(start.get("time"))),
        ("ended", moment(stop.get("time"))),
        ("exit", ending(content)),
        ("scan", str(start.get("scan_id", "–"))),
        ("identifier", str(start.get("uid", "–"))),
        ("folder", str(content.path)),
    ]
    rows += [
        (
            f"axis {axis.name}",
            span(axis.low, axis.high, axis.unit) + (f", {axis.points} positions" if axis.points else ""),
        )
        for axis in content.axes
    ]
    theirs = {**{key: value for key, value in start.items() if key not in OUR_OWN}, **(start.get("metadata") or {})}
    rows += [(key.replace("_", " "), _words(value)) for key, value in theirs.items()]
    if content.versions:
        rows.append(("versions", ", ".join(f"{name} {text}" for name, text in content.versions.items())))
    return rows


def _objective(content: Content) -> str:
    """What was sought; a plain scan may have sought nothing."""
    sought = parameters_of(content.start).get("objective")
    return (
        f"{'maximise' if content.maximize else 'minimise'} {sought}" if sought else "none; every position was measured"
    )


def _words(value: Any) -> str:  # noqa: ANN401 - an operator may write anything into the metadata
    """A metadata value as text."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def documents_of(content: Content) -> list[tuple[str, str]]:
    """The start and stop documents as indented JSON, for those who want every detail."""
    named = (("start document", content.start), ("stop document", content.stop))
    return [
        (name, json.dumps(document, indent=2, ensure_ascii=False, default=str)) for name, document in named if document
    ]
