"""Standards laid over spectra: on their scale, after the shift, and nowhere that they are not known."""

from __future__ import annotations

import numpy as np

from analysis.unmixing.identify import compare
from daemon.unmixing.overlay import laid_over

ENERGIES = np.linspace(925.0, 945.0, 81)


def peak(energies: np.ndarray, centre: float) -> np.ndarray:
    """A resonance."""
    return np.exp(-(((energies - centre) / 1.2) ** 2))


def test_a_standard_is_brought_onto_the_spectrum() -> None:
    """Scaled, lifted, tilted and shifted as the spectrum is; NaN beyond its ends and where there is no standard."""
    own = np.linspace(927.0, 950.0, 300)
    library = {"CuO": (own, peak(own, 932.0)), "Cu2O": (own, peak(own, 935.5))}
    spectra = np.array(
        [
            3.0 * peak(ENERGIES + 0.5, 932.0) + 0.7 - 0.02 * ENERGIES / 925.0,
            0.4 * peak(ENERGIES + 0.5, 935.5) + 2.0,
            1.0 + 0.3 * peak(ENERGIES, 940.0),
        ]
    )
    compared = compare(spectra, ENERGIES, library)
    over = laid_over(spectra, ENERGIES, compared, library)
    assert compared.names == ("CuO", "Cu2O", None)
    assert abs(compared.shift - 0.5) < 0.05
    known = ENERGIES + compared.shift >= 927.0
    assert np.isnan(over[:2, ~known]).all()
    np.testing.assert_allclose(over[:2, known], spectra[:2, known], atol=0.15)
    assert np.isnan(over[2]).all()
