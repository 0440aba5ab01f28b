"""The part of a report that tells what a stack was unmixed into."""

from __future__ import annotations

import numpy as np

from daemon.online_stack import OnlineStack
from daemon.report.component_maps import binned, colour_of, draw_share
from daemon.report.drawing import figure, style, to_svg


def stack_text(stack: OnlineStack) -> str:
    """What the figures show."""
    text = f"Unmixed while it was measured: {stack.headline}. The shares of a pixel add up to 1."
    if stack.shift is not None and abs(stack.shift) >= 0.005:
        text += f" Energies were shifted by {stack.shift:+.2f} eV to the standards' scale.".replace("-", "−")
    if stack.repairs:
        text += f" Repaired: {'; '.join(stack.repairs)}."
    return text + " For the spectra of all recipes, and how sure the result is, run beampilot unmix."


def stack_svg(stack: OnlineStack) -> str:
    """Draw the map of each component above its spectrum."""
    count, shares = len(stack.spectra), binned(stack.abundances)
    proportion = float(np.clip(shares.shape[1] / shares.shape[2], 0.3, 2.0))
    with style():
        drawn = figure(9.0, 9.0 / max(count, 3) * proportion + 2.6)
        maps, spectra = drawn.subplots(2, count, squeeze=False, height_ratios=[9.0 / max(count, 3) * proportion, 1.8])
        for place, name in enumerate(stack.names):
            colour = colour_of(place)
            draw_share(maps[place], shares[place], colour)
            maps[place].set_title(name, color=colour, fontweight="bold")
            maps[place].set_axis_off()
            relative = stack.spectra[place] / stack.spectra[place].mean()
            spectra[place].plot(stack.energies, relative, color=colour, lw=1.6)
            spectra[place].set_xlabel(f"photon energy ({stack.unit})")
        spectra[0].set_ylabel("relative to the mean")
        return to_svg(drawn, "stack", "Maps and spectra of the components")
