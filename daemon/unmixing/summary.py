"""What was found, chosen and repaired, as plain types: for programs, for the attributes of arrays, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.unmixing.work import Outcome

if TYPE_CHECKING:
    from analysis.unmixing.choose import Trial

TOLD = 8
"""How many of the recipes that were tried are told."""


def summary(outcome: Outcome) -> dict[str, Any]:
    """Everything but arrays.

    Returns:
        Plain types; numbers that are not known are NaN.
    """
    found, stack = outcome.unmixing, outcome.stack
    _, height, width = stack.frames.shape
    return {
        "source": str(outcome.path),
        "origin": stack.origin,
        "frames": len(found.energies),
        "shape": [height, width],
        "pixels": height * width,
        "energies": [float(found.energies[0]), float(found.energies[-1])],
        "n_components": found.n_components,
        "background": found.background,
        "method": found.method,
        "omega": float(found.omega),
        "start": found.choice.recipe.start,
        "smoothing": float(found.smoothing),
        "certainty": float(found.choice.certainty),
        "components": [_component(outcome, number) for number in range(found.n_components)],
        "standards": list(found.comparison.standards) if found.comparison is not None else [],
        "shift": float(found.comparison.shift) if found.comparison is not None else None,
        "tried": [trial_facts(trial) for trial in found.choice.trials[:TOLD]],
        "recipes_tried": len(found.choice.trials),
        "repairs": list(found.repairs),
        "notes": list(outcome.notes),
        "i0": stack.i0 is not None,
        "dark": stack.dark is not None,
        "seconds": round(outcome.seconds, 3),
    }


def _component(outcome: Outcome, number: int) -> dict[str, Any]:
    """One component: what it is called, its share, and the standard that it resembles most."""
    found = outcome.unmixing
    share = float((found.abundances[number] * found.intensity).sum() / found.intensity.sum())
    facts: dict[str, Any] = {"number": number, "name": outcome.labels[number], "share": share}
    comparison = found.comparison
    if comparison is not None and comparison.matches[number] >= 0:
        place = comparison.matches[number]
        facts |= {
            "standard": comparison.standards[place],
            "correlation": float(comparison.correlations[number, place]),
            "correlation_without_shift": float(comparison.unshifted[number, place]),
            "margin": float(comparison.margins[number]),
        }
    return facts


def trial_facts(trial: Trial) -> dict[str, Any]:
    """One recipe and what became of it."""
    recipe = trial.recipe
    return {
        "n_components": recipe.n_components,
        "background": recipe.background,
        "method": recipe.method,
        "start": recipe.start,
        "omega": float(recipe.omega),
        "score": float(trial.score),
        "misfit": float(trial.misfit),
        "artefacts": float(trial.artefacts),
        "overlap": float(trial.overlap),
        "lost": float(trial.lost),
        "correlation": float(trial.correlation),
    }
