"""A stack of frames in, chemical maps and spectra out, with nothing to tune."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.unmixing.backgrounds import BACKGROUNDS, Background, Edges, find_edges, remove_background
from analysis.unmixing.choose import OMEGAS, Choice, choose
from analysis.unmixing.compression import Compressed, compress_blocks
from analysis.unmixing.drift import find_drift, without
from analysis.unmixing.identify import Comparison, Standards, compare, read_standards
from analysis.unmixing.recipes import METHODS, Method, maps_of
from analysis.unmixing.smoothing import choose_width, smooth
from analysis.unmixing.stacks import MEMORY, Frames
from analysis.unmixing.survey import Survey, survey_stack

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]

_BINNED = 10_000
"""Pixels of the small image that recipes are tried on."""

_SPARE = 6
"""Dimensions that are kept beyond the number of components."""


@dataclass(frozen=True, slots=True)
class Unmixing:
    """What a stack is made of.

    Attributes:
        energies: Rising, shape (m,), in eV: the energies of all frames, sorted.
        spectra: Of mean 1, strongest component first, shape (component, m).
        abundances: Fraction of each component in the counts of a pixel, ≥ 0 and summing to 1, shape (component, y, x).
        intensity: Counts of each pixel, mean over the energies after normalisation, shape (y, x).
        background: What was removed from the spectra.
        omega: Weight of the maps' orthogonality.
        method: How the spectra were found.
        smoothing: Standard deviation of the kernel that averages the maps, pixels.
        choice: The recipe, all that was tried, and how sure it is.
        comparison: Comparison with the standards, None without.
        repairs: What was wrong in the stack, and what was done about it.
        displacements: How each frame was displaced against the first ones measured, (y, x), pixels, shape (m, 2); maps
            show the sample where the first ones do. All 0 where the image stood still.
    """

    energies: Floats
    spectra: Floats
    abundances: Floats
    intensity: Floats
    background: Background
    omega: float
    method: Method
    smoothing: float
    choice: Choice
    comparison: Comparison | None
    repairs: tuple[str, ...]
    displacements: Floats

    @property
    def n_components(self) -> int:
        """Number of components."""
        return len(self.spectra)

    @property
    def correlations(self) -> Floats:
        """Pearson correlation after the fitted shift, shape (component, standard); no columns without standards."""
        return np.empty((len(self.spectra), 0)) if self.comparison is None else self.comparison.correlations

    @property
    def names(self) -> tuple[str | None, ...]:
        """Name of each component's standard, None where there is none."""
        return (None,) * len(self.spectra) if self.comparison is None else self.comparison.names


def unmix(
    stack: Frames | Sequence[ArrayLike],
    energies: ArrayLike,
    standards: Standards | None = None,
    n_components: int | None = None,
    *,
    i0: ArrayLike | None = None,
    dark: ArrayLike | None = None,
    background: Background | None = None,
    omega: float | None = None,
    method: Method | None = None,
    smoothing: float | None = None,
    register: bool = True,
    memory: int = MEMORY,
    progress: Progress | None = None,
) -> Unmixing:
    """Unmix a stack; whatever is None is chosen.

    The stack is read in bands of rows, four times, and never in memory at once: of each spectrum only its coordinates
    in the few dimensions that hold signal are kept.

    Args:
        stack: Frames, shape (energy, y, x), of any real dtype: NumPy, a memory map, Zarr or HDF5, or a list of frames.
        energies: Energy of each frame, eV; those of any order are sorted.
        standards: Library: by name, values on the same energies, or a pair of energies and values.
        n_components: Number of components.
        i0: Intensity of the beam for each frame; None where frames are normalised.
        dark: Dark frame (y, x), or a number.
        background: What to remove from the spectra.
        omega: Weight of the maps' orthogonality, 0 to 1.
        method: How to find the spectra; "nmf-so" when ω is given.
        smoothing: Kernel that averages the maps, pixels.
        register: Whether to look for a drift of the image and take it back.
        memory: Bytes that bands of the stack may take.
        progress: Called with what is being done and the part of it that is done, 0 to 1.

    Returns:
        Spectra, maps, and what was chosen.

    Raises:
        ValueError: The stack cannot be unmixed; says what is wrong.
    """
    look = survey_stack(stack, energies, i0=i0, dark=dark, register=register, memory=memory, progress=progress)
    axis = look.energies[look.used]
    _check(look, n_components, omega, len(axis))
    if standards is not None:
        # A library on the stack's own energies comes in the order of the frames.
        standards = dict(read_standards(standards, np.asarray(energies, float)))
    choice = choose(
        _binned(look),
        axis,
        n_components=n_components,
        backgrounds=BACKGROUNDS if background is None else (background,),
        omegas=OMEGAS if omega is None else (omega,),
        methods=(METHODS if omega is None else ("nmf-so",)) if method is None else (method,),
        standards=standards,
        progress=progress,
    )
    scale = 1.0 / np.sqrt(np.maximum(look.mean, 0.02 * look.mean.max()) / look.mean.mean())
    data = _compressed(look, choice.recipe.background, choice.recipe.n_components + _SPARE, scale, progress)
    shape = look.source.shape
    data = without(data, find_drift(data, shape))
    H = choice.trials[0].spectra
    maps, width = _maps(data, H, scale, shape, look.total, smoothing)
    if progress is not None:
        progress("unmixing", 1.0)
    spectra = np.array([np.interp(look.energies, axis, row) for row in H / H.mean(axis=1, keepdims=True)])
    return Unmixing(
        look.energies,
        spectra,
        maps,
        look.total / len(axis),
        choice.recipe.background,
        choice.recipe.omega,
        choice.recipe.method,
        width,
        choice,
        None if standards is None else compare(spectra, look.energies, standards),
        look.repairs,
        look.displacements,
    )


def _check(look: Survey, n_components: int | None, omega: float | None, m: int) -> None:
    """Refuse what cannot be unmixed.

    Raises:
        ValueError: There are fewer pixels or energies than components, or no signal, or ω is out of range.
    """
    pixels = look.total.size
    if n_components is not None and not 1 <= n_components <= min(pixels, m):
        raise ValueError(
            f"{n_components} components cannot be found in {pixels} pixels and {m} energies: give a number from 1 to "
            f"{min(pixels, m)}"
        )
    if pixels < 4:
        raise ValueError(f"{pixels} pixels are too few to unmix: give at least 4")
    if not look.mean.max() > 0.0:
        raise ValueError("the stack holds no signal above 0: check the dark frame that is subtracted")
    if omega is not None and not 0.0 <= omega <= 1.0:
        raise ValueError(f"omega must be between 0 and 1, not {omega!r}")


def _binned(look: Survey) -> Floats:
    """Average neighbouring pixels to an image of a few thousand, shape (y, x, m)."""
    height, width = look.source.shape
    bin_ = max(1, int(np.ceil(np.sqrt(height * width / _BINNED))))
    rows, columns = -(-height // bin_), -(-width // bin_)
    total, count = np.zeros((rows, columns, len(look.mean))), np.zeros((rows, columns, 1))
    starts = np.arange(0, width, bin_)
    for band, X in look.source.blocks():
        cube = np.add.reduceat(X.reshape(band.stop - band.start, width, -1), starts, axis=1)
        for place, row in enumerate(range(band.start, band.stop)):
            total[row // bin_] += cube[place]
            count[row // bin_, :, 0] += np.diff(starts, append=width)
    return total / count


def _compressed(
    look: Survey, background: Background, rank: int, scale: Floats, progress: Progress | None
) -> Compressed:
    """All spectra without their background, in the dimensions that hold signal."""
    axis = look.energies[look.used]
    # The edge is found once, in the mean of all spectra, so that every pixel has its step at the same place.
    edges: Edges | None = find_edges(look.mean, axis) if background == "arctangent" else None
    height = look.source.shape[0]

    def blocks() -> Iterator[NDArray[Any]]:
        for band, X in look.source.blocks():
            yield remove_background(X, axis, background, edges)
            if progress is not None:
                progress("compressing", band.stop / height)

    return compress_blocks(blocks, look.total.size, min(rank, len(axis)), scale)


def _maps(
    data: Compressed, H: Floats, scale: Floats, shape: tuple[int, int], total: Floats, smoothing: float | None
) -> tuple[Floats, float]:
    """Abundances (k, y, x) and the width of the kernel that they were averaged with."""
    k = len(H)
    if smoothing is None:
        scaled = H * scale
        inverse = np.linalg.pinv(scaled @ scaled.T)
        plain = (inverse @ data.times_components(scaled)).reshape(k, *shape)
        n, m = data.shape
        noise = float(data.values[len(data.basis) :].sum()) / max(n * (m - len(data.basis)), 1)
        bright = np.maximum(total, 0.0) / max(float(np.maximum(total, 0.0).mean()), 1e-300)
        smoothing = choose_width(plain, noise * np.diag(inverse)[:, None, None] * bright)
    averaged = Compressed(
        smooth(data.coordinates.reshape(-1, *shape), smoothing).reshape(len(data.basis), -1), data.basis, data.values
    )
    maps = maps_of(averaged, H, scale).astype(float)
    sums = maps.sum(axis=0)
    return np.where(sums > 0.0, maps / np.where(sums > 0.0, sums, 1.0), 1.0 / k).reshape(k, *shape), float(smoothing)
