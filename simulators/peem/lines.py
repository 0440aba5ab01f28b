"""The shapes that absorption spectra are made of: Voigt lines and arctangent steps, broadened by an instrument."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf, voigt_profile

Floats = NDArray[np.float64]

DEVIATIONS = 2.0 * np.sqrt(2.0 * np.log(2.0))
"""Full width at half maximum of a Gaussian, in standard deviations."""


def gaussian_part(width: float, lifetime: float) -> float:
    """Return the Gaussian width of a Voigt line of a given total width.

    Olivero & Longbothum, J. Quant. Spectrosc. Radiat. Transfer 17 (1977) 233, equation 3, solved for the Gaussian;
    it is exact to 0.02 %.

    Args:
        width: Full width of the line at half maximum, eV.
        lifetime: That of its Lorentzian part, eV.

    Returns:
        That of its Gaussian part, eV; 0 where the Lorentzian alone is wider.
    """
    return float(np.sqrt(max(0.0, (width - 0.5346 * lifetime) ** 2 - 0.2166 * lifetime**2)))


@dataclass(frozen=True, slots=True)
class Line:
    """A Voigt line.

    Attributes:
        position: Its maximum, eV.
        height: Its maximum, in units of the spectrum.
        width: Full width at half maximum as published, eV.
        lifetime: The Lorentzian part of the width, eV.
    """

    position: float
    height: float
    width: float
    lifetime: float

    def __call__(self, energies: ArrayLike, resolution: float = 0.0) -> Floats:
        """Evaluate the line.

        Args:
            energies: Photon energies, eV.
            resolution: Full width of a Gaussian that broadens it further, eV; the area stays.

        Returns:
            Absorption, shape of the energies.
        """
        offset = np.asarray(energies, float) - self.position
        narrow = gaussian_part(self.width, self.lifetime) / DEVIATIONS
        wide = float(np.hypot(narrow, resolution / DEVIATIONS))
        peak = float(voigt_profile(0.0, narrow, 0.5 * self.lifetime))
        return self.height / peak * np.asarray(voigt_profile(offset, wide, 0.5 * self.lifetime), float)


@dataclass(frozen=True, slots=True)
class Step:
    """An arctangent step, the onset of the continuum: h (1/2 + arctan((E - E0)/w)/pi).

    Attributes:
        position: Its middle E0, eV.
        height: Its height h, in units of the spectrum.
        width: Its half width w, eV.
    """

    position: float
    height: float
    width: float

    def __call__(self, energies: ArrayLike, resolution: float = 0.0) -> Floats:
        """Evaluate the step.

        A broadened step is the integral of a Voigt line, here of the pseudo-Voigt line of Thompson, Cox & Hastings,
        J. Appl. Cryst. 20 (1987) 79, equations 5 and 7; without broadening it is the arctangent itself.

        Args:
            energies: Photon energies, eV.
            resolution: Full width of a Gaussian that broadens it, eV.

        Returns:
            Absorption, shape of the energies.
        """
        offset = np.asarray(energies, float) - self.position
        width, lorentzian = pseudo_voigt(resolution, 2.0 * self.width)
        arctangent = 0.5 + np.arctan(2.0 * offset / width) / np.pi
        error = 0.5 + 0.5 * erf(2.0 * np.sqrt(np.log(2.0)) * offset / width)
        return self.height * np.asarray(lorentzian * arctangent + (1.0 - lorentzian) * error, float)


def pseudo_voigt(gaussian: float, lorentzian: float) -> tuple[float, float]:
    """Return the width and the Lorentzian fraction of the pseudo-Voigt line closest to a Voigt line.

    Args:
        gaussian: Full width of the Gaussian part, eV, from 0 on.
        lorentzian: Full width of the Lorentzian part, eV, above 0.

    Returns:
        Full width at half maximum, eV, and the fraction, 0 to 1.
    """
    powers = (1.0, 2.69269, 2.42843, 4.47163, 0.07842, 1.0)
    fifth = sum(c * gaussian ** (5 - n) * lorentzian**n for n, c in enumerate(powers))
    width = fifth**0.2
    ratio = lorentzian / width
    return width, 1.36603 * ratio - 0.47719 * ratio**2 + 0.11116 * ratio**3
