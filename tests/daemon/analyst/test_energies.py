"""Energies one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from daemon.analyst.energies import AHEAD, EnergyRange, EnergySearch

WITHIN = EnergyRange("energy", 925.0, 945.0, first=8, most=14, loss=1e-6)


def found(energies: list[float]) -> dict[str, Any]:
    """What an unmixing of two peaks knows."""
    axis = np.sort(energies)
    spectra = np.array([1.0 + np.exp(-((axis - centre) ** 2)) for centre in (931.0, 934.0)])
    return {"energies": axis, "spectra": spectra}


def test_even_energies_come_first_then_those_where_spectra_bend() -> None:
    """Each once, in the order of the shortest way, until there are as many as allowed."""
    search, given, reasons = EnergySearch(WITHIN), list[float](), list[str]()
    while not (chosen := search.next(len(given) + 1, given, given[-1] if given else None, found(given))).stop:
        given.append(chosen.position["energy"])
        reasons.append(chosen.reason)
    assert chosen.stop == "all 14 energies are measured"
    assert np.allclose(given[:8], np.linspace(925.0, 945.0, 8))
    assert reasons == ["evenly spaced"] * 8 + ["components least known here"] * 6
    assert len(set(given)) == 14
    assert sum(928.0 < energy < 937.0 for energy in given[8 : 8 + AHEAD]) >= AHEAD - 1


def test_it_ends_when_more_energies_would_gain_nothing() -> None:
    """The reason says how little."""
    search = EnergySearch(EnergyRange("energy", 925.0, 945.0, first=8, most=100, loss=0.5))
    given = np.linspace(925.0, 945.0, 8).tolist()
    stop = search.next(9, given, 945.0, found(given)).stop
    assert stop.startswith("more energies would gain less than 0.5")


def test_a_search_made_anew_goes_on_where_the_one_before_stopped() -> None:
    """From what was given before, whatever it had planned."""
    search, given = EnergySearch(WITHIN), list[float]()
    for number in range(3):
        given.append(search.next(number + 1, given, None, None).position["energy"])
    again = EnergySearch(WITHIN)
    assert again.next(4, given, given[-1], None).position["energy"] == 925.0 + 3 * 20.0 / 7.0


def test_without_an_unmixing_there_is_nothing_to_choose_by() -> None:
    """As when every frame was empty."""
    given = np.linspace(925.0, 945.0, 8).tolist()
    assert EnergySearch(WITHIN).next(9, given, 945.0, None).stop == "nothing could be unmixed"
