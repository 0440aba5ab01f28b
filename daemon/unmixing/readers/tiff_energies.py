"""Photon energies in what programs write into a TIFF beside the pixels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from daemon.unmixing.contents import ELECTRONVOLTS

Floats = NDArray[np.float64]

_PLANCK = 1239.841984
"""h c, eV nm."""

_LABEL = re.compile(r"([-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*_?(k?eV)\b", re.IGNORECASE)
_NAMED = re.compile(r"(?:energy|hv|photon)\D{0,6}?(\d+(?:\.\d+)?)", re.IGNORECASE)


def energies_of(images: tifffile.TiffFile, count: int) -> tuple[Floats, str] | None:
    """Look for the energies of the pages.

    Args:
        images: The file.
        count: How many energies there must be.

    Returns:
        Energies, eV, shape (count,), and where they were found; None where there are none.
    """
    found = [
        (_of_json(images), "the file's description"),
        (_of_imagej_labels(images), "the labels of ImageJ"),
        (_of_imagej_axis(images, count), "ImageJ's slice spacing and origin"),
        (_of_ome(images), "OME metadata"),
    ]
    for energies, source in found:
        if energies is not None and energies.shape == (count,):
            return energies, source
    return None


def energies_of_labels(labels: Sequence[str]) -> Floats | None:
    """Read one energy from each label: ``930.5 eV``, ``Energy: 930.5``, or a number alone.

    Returns:
        Energies, eV; None where a label has none.
    """
    for read in (_with_unit, _after_name, _bare):
        energies = [read(label) for label in labels]
        if energies and all(energy is not None for energy in energies):
            return np.array(energies, float)
    return None


def _with_unit(label: str) -> float | None:
    match = _LABEL.search(label)
    return float(match[1].replace(",", ".")) * ELECTRONVOLTS[match[2].lower()] if match else None


def _after_name(label: str) -> float | None:
    match = _NAMED.search(label)
    return float(match[1]) if match else None


def _bare(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def _of_json(images: tifffile.TiffFile) -> Floats | None:
    """Energies that a program of tifffile's kind wrote as JSON."""
    for metadata in images.shaped_metadata or ():
        for name in ("energies", "energy", "energy_eV"):
            if isinstance(metadata.get(name), Iterable):
                return np.array(metadata[name], float)
    return None


def _of_imagej_labels(images: tifffile.TiffFile) -> Floats | None:
    labels = (images.imagej_metadata or {}).get("Labels")
    return energies_of_labels([str(label) for label in labels]) if labels else None


def _of_imagej_axis(images: tifffile.TiffFile, count: int) -> Floats | None:
    """Energies of evenly spaced slices whose unit is one of energy."""
    metadata: Mapping[str, Any] = images.imagej_metadata or {}
    unit = str(metadata.get("zunit") or metadata.get("unit") or "").lower()
    spacing = metadata.get("spacing")
    if unit not in ELECTRONVOLTS or not isinstance(spacing, int | float):
        return None
    # ImageJ keeps the place of zero in slices, not in units.
    origin = float(metadata.get("zorigin", 0.0))
    return (np.arange(count, dtype=float) - origin) * float(spacing) * ELECTRONVOLTS[unit]


def _of_ome(images: tifffile.TiffFile) -> Floats | None:
    """Energies of OME channels: in their names, or as wavelengths of excitation in nm."""
    if not images.is_ome or not images.ome_metadata:
        return None
    document = tifffile.xml2dict(images.ome_metadata)
    image = document.get("OME", {}).get("Image", {})
    pixels = (image[0] if isinstance(image, list) else image).get("Pixels", {})
    channels = _listed(pixels.get("Channel"))
    energies = energies_of_labels([str(channel.get("Name", "")) for channel in channels])
    if energies is not None:
        return energies
    lengths = [channel.get("ExcitationWavelength") for channel in channels]
    if lengths and all(isinstance(length, int | float) and length > 0 for length in lengths):
        return _PLANCK / np.array(lengths, float)
    planes = [plane for plane in _listed(pixels.get("Plane")) if "PositionZ" in plane]
    if planes and all(str(plane.get("PositionZUnit", "")).lower() in ELECTRONVOLTS for plane in planes):
        return np.array([plane["PositionZ"] for plane in planes], float)
    return None


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - an element, several, or none
    return value if isinstance(value, list) else [] if value is None else [value]
