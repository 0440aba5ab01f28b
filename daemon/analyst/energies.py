"""Which photon energy a stack scan measures next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.analyst.messages import Suggested

if TYPE_CHECKING:
    from analysis.unmixing.energy_choice import EnergyChooser

AHEAD = 4
"""Energies that are chosen together: between two choices the spectra become known at all of them."""


@dataclass(frozen=True, slots=True)
class EnergyRange:
    """What an adaptive stack scan may choose from.

    Attributes:
        axis: the axis that is the photon energy.
        low: lowest energy, eV.
        high: highest energy, eV.
        first: evenly spaced energies to begin with.
        most: energies at most.
        loss: the scan ends when so little correlation is expected to be lost between the energies, 1 − r.
    """

    axis: str
    low: float
    high: float
    first: int
    most: int
    loss: float


class EnergySearch:
    """Gives energies one by one, each chosen batch in the order of the shortest way.

    Args:
        within: what may be chosen.
    """

    def __init__(self, within: EnergyRange) -> None:
        from analysis.unmixing.energy_choice import EnergyChooser

        self._within = within
        self._chooser: EnergyChooser = EnergyChooser(
            within.low, within.high, first=within.first, most=within.most, tol=within.loss
        )
        self._planned: dict[float, float] = {}

    @property
    def axis(self) -> str:
        """The axis that is the photon energy."""
        return self._within.axis

    def next(self, number: int, given: Iterable[float], at: float | None, found: Mapping[str, Any] | None) -> Suggested:
        """Choose an energy.

        Args:
            number: the point that it is for, from 1.
            given: energies that were chosen before.
            at: where the monochromator is, eV; None before the first point.
            found: what the unmixing knows: `energies` (m,) and `spectra` (k, m).

        Returns:
            The energy and why, or why the scan should end.
        """
        before = list(given)
        if not self._planned:
            stop = self._plan(before, found)
            if stop:
                return Suggested(number, stop=stop)
        here = self._within.low if at is None else at
        energy = min(self._planned, key=lambda one: (abs(one - here), one))
        gain = self._planned.pop(energy)
        reason = "evenly spaced" if np.isnan(gain) else "components least known here"
        return Suggested(number, {self._within.axis: energy}, reason, acquisition=gain)

    def _plan(self, before: list[float], found: Mapping[str, Any] | None) -> str:
        """Choose the next few energies; returns why there are none."""
        if len(before) >= self._within.most:
            return f"all {self._within.most} energies are measured"
        even = self._chooser.first().energies
        self._planned = {e: np.nan for e in even.tolist() if not np.isclose(e, before, atol=1e-6).any()}
        if self._planned:
            return ""
        if found is None or "spectra" not in found:
            return "nothing could be unmixed"
        plan = self._chooser.next(found["energies"], found["spectra"], AHEAD)
        self._planned = dict(zip(plan.energies.tolist(), plan.gains.tolist(), strict=True))
        if self._planned:
            return ""
        return f"more energies would gain less than {self._within.loss:g} in correlation (expected: {plan.loss:.1e})"
