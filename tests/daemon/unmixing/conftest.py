"""A small stack of known composition, and every kind of file that it can come in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr


def make_sample(shape: tuple[int, int] = (24, 20), count: int = 30, dose: float = 400.0) -> SimpleNamespace:
    """Two components side by side with a mixed border; peaks at 931 and 934 eV over a constant.

    Args:
        shape: Rows and columns.
        count: Number of energies.
        dose: Counts at a peak.

    Returns:
        frames: Counts, shape (energy, y, x).
        energies: eV.
        i0: Of each frame.
        dark: Shape (y, x).
        spectra: Of "low" and "high", shape (2, energy).
        abundances: Shape (2, y, x).
    """
    rng = np.random.default_rng(5)
    energies = np.linspace(926.0, 940.0, count)
    spectra = np.array([0.4 + np.exp(-(((energies - at) / 0.8) ** 2)) for at in (931.0, 934.0)])
    share = np.clip((np.arange(shape[1]) - 0.35 * shape[1]) / 4.0, 0.0, 1.0) * np.ones(shape)
    abundances = np.array([1.0 - share, share])
    i0 = 1.0 + 0.1 * np.cos(np.arange(count))
    expected = dose * np.einsum("kyx,ke->eyx", abundances, spectra) * i0[:, None, None]
    dark = np.full(shape, 7.0)
    frames = (rng.poisson(expected) + 7).astype(np.uint16)
    return SimpleNamespace(frames=frames, energies=energies, i0=i0, dark=dark, spectra=spectra, abundances=abundances)


@pytest.fixture(scope="session")
def sample() -> SimpleNamespace:
    """The stack."""
    return make_sample()


def write_npy(sample: SimpleNamespace, folder: Path) -> Path:
    """Numbers alone."""
    np.save(folder / "stack.npy", sample.frames)
    return folder / "stack.npy"


def write_fortran(sample: SimpleNamespace, folder: Path) -> Path:
    """The first axis varies fastest, and bytes are swapped."""
    np.save(folder / "swapped.npy", np.asfortranarray(sample.frames.astype(">u2")))
    return folder / "swapped.npy"


def write_npz(sample: SimpleNamespace, folder: Path) -> Path:
    """Several arrays, packed."""
    np.savez_compressed(
        folder / "stack.npz", counts=sample.frames, energy=sample.energies, i0=sample.i0, dark=sample.dark
    )
    return folder / "stack.npz"


def write_hdf5(sample: SimpleNamespace, folder: Path) -> Path:
    """A NeXus-like file in keV, frames in one piece."""
    with h5py.File(folder / "stack.h5", "w") as file:
        group = file.create_group("entry/data")
        group["counts"], group["i0"], group["dark"] = sample.frames, sample.i0, sample.dark
        group["photon_energy"] = sample.energies / 1000.0
        group["photon_energy"].attrs["units"] = "keV"
        file["entry/temperature"] = np.arange(5.0)
    return folder / "stack.h5"


def write_hdf5_spectra(sample: SimpleNamespace, folder: Path) -> Path:
    """Spectrum after spectrum, packed in chunks, with dimension scales."""
    with h5py.File(folder / "spectra.h5", "w") as file:
        cube = sample.frames.transpose(1, 2, 0)
        data = file.create_dataset("cube", data=cube, chunks=(5, 6, 7), compression="gzip", shuffle=True)
        file["axes/hv"] = sample.energies
        file["axes/hv"].attrs["units"] = "eV"
        file["axes/hv"].make_scale("hv")
        data.dims[2].attach_scale(file["axes/hv"])
    return folder / "spectra.h5"


def write_signal(root: Any, sample: SimpleNamespace, even: bool = True) -> None:  # noqa: ANN401 - a group of h5py or Zarr
    """HyperSpy's layout: a spectrum image, or with uneven energies a row of images."""
    cube = sample.frames.transpose(1, 2, 0) if even else sample.frames
    group = root.create_group("Experiments/powder")
    if isinstance(root, h5py.Group):
        group.create_dataset("data", data=cube, chunks=(4, *cube.shape[1:]), compression="gzip")
        root.attrs["file_format"], root.attrs["file_format_version"] = "HyperSpy", "3.3"
    else:
        group.create_array("data", data=cube, chunks=(4, *cube.shape[1:]))
        root.attrs.update(file_format="HyperSpy", file_format_version="3.3")
    pixels = [("y", "µm", 0.5), ("x", "µm", 0.5)]
    step = float(sample.energies[1] - sample.energies[0])
    axes = [*pixels, ("Energy", "eV", step)] if even else [("Energy", "<undefined>", 1.0), *pixels]
    for number, (name, units, scale) in enumerate(axes):
        axis = group.create_group(f"axis-{number}")
        energy = name == "Energy"
        axis.attrs.update(name=name, units=units, size=cube.shape[number], navigate=energy != even)
        if energy and not even:
            axis.create_dataset("axis", data=sample.energies) if isinstance(root, h5py.Group) else axis.create_array(
                "axis", data=sample.energies
            )
        else:
            axis.attrs.update(scale=scale, offset=float(sample.energies[0]) if energy else 0.0)


def write_hspy(sample: SimpleNamespace, folder: Path) -> Path:
    """As HyperSpy writes HDF5."""
    with h5py.File(folder / "powder.hspy", "w") as file:
        write_signal(file, sample)
    return folder / "powder.hspy"


def write_uneven_hspy(sample: SimpleNamespace, folder: Path) -> Path:
    """A row of images with an uneven axis, which has no unit."""
    with h5py.File(folder / "uneven.hspy", "w") as file:
        write_signal(file, sample, even=False)
    return folder / "uneven.hspy"


def write_zspy(sample: SimpleNamespace, folder: Path) -> Path:
    """As HyperSpy writes Zarr, of format 2."""
    write_signal(zarr.open_group(folder / "powder.zspy", mode="w", zarr_format=2), sample)
    return folder / "powder.zspy"


def write_zarr(sample: SimpleNamespace, folder: Path) -> Path:
    """As xarray writes it, format 3."""
    import xarray

    coordinates = {"energy": ("energy", sample.energies, {"units": "eV"})}
    data = xarray.Dataset({"counts": (("energy", "y", "x"), sample.frames)}, coordinates)
    data.to_zarr(folder / "stack.zarr", zarr_format=3, consolidated=False)
    return folder / "stack.zarr"


def write_imagej(sample: SimpleNamespace, folder: Path) -> Path:
    """A stack of ImageJ with labels, big-endian as it likes them."""
    labels = [f"scan_12 {energy!r} eV" for energy in sample.energies.tolist()]
    tifffile.imwrite(
        folder / "imagej.tif", sample.frames, imagej=True, byteorder=">", metadata={"axes": "ZYX", "Labels": labels}
    )
    return folder / "imagej.tif"


def write_ome(sample: SimpleNamespace, folder: Path) -> Path:
    """OME with energies as names of channels, packed."""
    names = [f"{energy!r} eV" for energy in sample.energies.tolist()]
    tifffile.imwrite(
        folder / "stack.ome.tif",
        sample.frames,
        compression="zlib",
        metadata={"axes": "CYX", "Channel": {"Name": names}},
    )
    return folder / "stack.ome.tif"


def write_images(sample: SimpleNamespace, folder: Path) -> Path:
    """A folder with an image for each energy."""
    images = folder / "images"
    images.mkdir()
    for number, (energy, frame) in enumerate(zip(sample.energies.tolist(), sample.frames, strict=True)):
        tifffile.imwrite(images / f"cu_{number}_{energy!r}eV.tif", frame)
    return images


WRITERS: dict[str, Callable[[SimpleNamespace, Path], Path]] = {
    write.__name__.removeprefix("write_"): write
    for write in (
        write_npy,
        write_fortran,
        write_npz,
        write_hdf5,
        write_hdf5_spectra,
        write_hspy,
        write_uneven_hspy,
        write_zspy,
        write_zarr,
        write_imagej,
        write_ome,
        write_images,
    )
}
"""All kinds of files by name."""


@pytest.fixture
def write(sample: SimpleNamespace, tmp_path: Path) -> Callable[[str], Path]:
    """Writes the stack as a file of a kind."""
    return lambda kind: WRITERS[kind](sample, tmp_path)


@pytest.fixture
def make_stack() -> Callable[..., SimpleNamespace]:
    """Makes stacks of other sizes."""
    return make_sample


@pytest.fixture
def energies_file(sample: SimpleNamespace, tmp_path: Path) -> Path:
    """The energies as a text file with a title."""
    file = tmp_path / "energies.txt"
    file.write_text("# photon energy\nenergy_eV\n" + "\n".join(map(repr, sample.energies.tolist())) + "\n")
    return file
