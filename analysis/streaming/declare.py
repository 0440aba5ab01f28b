"""Chains as settings declare them: names of steps and their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.streaming.chain import Chain
from analysis.streaming.corrections import DarkFlat, Normalisation, Regions
from analysis.streaming.detection import Detection
from analysis.streaming.errors import ChainError
from analysis.streaming.registration import Registration
from analysis.streaming.step import Step
from analysis.streaming.unmixing import Unmixing

STEPS: dict[str, Callable[..., Step]] = {
    "dark-flat": DarkFlat,
    "registration": Registration,
    "normalisation": Normalisation,
    "regions": Regions,
    "unmixing": Unmixing,
    "detection": Detection,
}
"""Steps that can be declared by name."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One step as declared.

    Attributes:
        step: What it is: one of `STEPS`, or a class or function that makes a step.
        options: Its arguments.
    """

    step: str | Callable[..., Step]
    options: Mapping[str, Any]


def declare(steps: Sequence[str | Mapping[str, Any] | Declaration]) -> tuple[Declaration, ...]:
    """Read a declared chain and make its steps once, so that a mistake is told before a scan begins.

    Args:
        steps: For each step its name; or a table of `step`, its name, and its options.

    Returns:
        The chain, which :func:`make_chain` makes wherever it is to run.

    Raises:
        ChainError: A step is not known, or its options are wrong; says which.
    """
    declared = []
    for number, entry in enumerate(steps):
        if isinstance(entry, Declaration):
            declared.append(entry)
        elif isinstance(entry, str):
            declared.append(Declaration(entry, {}))
        elif "step" in entry:
            declared.append(Declaration(entry["step"], {key: v for key, v in entry.items() if key != "step"}))
        else:
            raise ChainError(f"steps[{number}]: say which step it is: one of {', '.join(STEPS)}")
    make_chain(declared)
    return tuple(declared)


def make_chain(declared: Sequence[Declaration]) -> Chain:
    """Make the steps of a declared chain.

    Raises:
        ChainError: A step is not known, or its options are wrong; says which.
    """
    steps = []
    for number, declaration in enumerate(declared):
        make = STEPS.get(declaration.step) if isinstance(declaration.step, str) else declaration.step
        if make is None:
            raise ChainError(f"steps[{number}]: no step {declaration.step!r}: choose one of {', '.join(STEPS)}")
        try:
            steps.append(make(**declaration.options))
        except (TypeError, ValueError) as error:
            raise ChainError(f"steps[{number}]: {declaration.step}: {error}") from error
    return Chain(steps)
