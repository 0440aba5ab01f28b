"""Files as microscopes and labelling programs write them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def write_sxm(file: Path, planes: Mapping[str, Floats], nm: tuple[float, float], direction: str = "down") -> None:
    """Write a Nanonis scan: each channel forward, and backward mirrored and a little higher."""
    rows, columns = next(iter(planes.values())).shape
    table = ["\tChannel\tName\tUnit\tDirection\tCalibration\tOffset"]
    table += [f"\t{n}\t{name}\t{'m' if name == 'Z' else 'A'}\tboth\t1E+0\t0E+0" for n, name in enumerate(planes)]
    header = {
        "NANONIS_VERSION": "2",
        "SCANIT_TYPE": "              FLOAT            MSBFIRST",
        "SCAN_PIXELS": f"       {columns}       {rows}",
        "SCAN_RANGE": f"           {columns * nm[0] * 1e-9:.6E}           {rows * nm[1] * 1e-9:.6E}",
        "SCAN_DIR": direction,
        "BIAS": "            1.000E+0",
        "DATA_INFO": "\n".join([*table, ""]),
        "SCANIT_END": "\n",
    }
    text = "".join(f":{key}:\n{value}\n" for key, value in header.items())
    content = text.encode() + b"\n\x1a\x04"
    for plane in planes.values():
        ordered = plane[::-1] if direction == "up" else plane
        content += ordered.astype(">f4").tobytes() + (ordered[:, ::-1] + 1e-10).astype(">f4").tobytes()
    file.write_bytes(content)


def write_gwy(file: Path, fields: Mapping[str, Floats], nm: tuple[float, float]) -> None:
    """Write a Gwyddion file with data fields by their titles."""
    body = b""
    for number, (title, plane) in enumerate(fields.items()):
        rows, columns = plane.shape
        numbers = (
            _component("xres", "i", struct.pack("<i", columns))
            + _component("yres", "i", struct.pack("<i", rows))
            + _component("xreal", "d", struct.pack("<d", columns * nm[0] * 1e-9))
            + _component("yreal", "d", struct.pack("<d", rows * nm[1] * 1e-9))
            + _component("si_unit_xy", "o", _object("GwySIUnit", _component("unitstr", "s", b"m\0")))
            + _component("data", "D", struct.pack("<I", plane.size) + plane.astype("<f8").tobytes())
        )
        body += _component(f"/{number}/data", "o", _object("GwyDataField", numbers))
        body += _component(f"/{number}/data/title", "s", title.encode() + b"\0")
        body += _component(f"/{number}/data/visible", "b", b"\1")
    body += _component("/meta/list", "S", struct.pack("<I", 2) + b"one\0two\0")
    file.write_bytes(b"GWYP" + _object("GwyContainer", body))


def _component(name: str, kind: str, value: bytes) -> bytes:
    return name.encode() + b"\0" + kind.encode() + value


def _object(name: str, body: bytes) -> bytes:
    return name.encode() + b"\0" + struct.pack("<I", len(body)) + body


@pytest.fixture
def height() -> Floats:
    """A rough surface, m, in which every pixel differs."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:48, :64]
    return 1e-10 * (rng.normal(size=(48, 64)) + 0.1 * x - 0.05 * y + 5.0 * (np.hypot(x - 30, y - 20) < 4))


@pytest.fixture
def write_planes() -> Any:  # noqa: ANN401 - functions
    """Write planes of one's own, by the kind of file."""
    return {"sxm": write_sxm, "gwy": write_gwy}


@pytest.fixture
def write(tmp_path: Path, height: Floats) -> Any:  # noqa: ANN401 - a function
    """Write the surface as a file of some kind, pixels 0.2 nm wide, and return the file."""

    def written(kind: str) -> Path:
        file = tmp_path / f"scan.{kind.partition('-')[0]}"
        scaled = (1e12 * (height - height.min())).astype(np.uint16)
        if kind.startswith("sxm"):
            direction = "up" if kind == "sxm-up" else "down"
            write_sxm(file, {"Current": 1e-9 * np.ones_like(height), "Z": height}, (0.2, 0.2), direction)
        elif kind == "gwy":
            write_gwy(file, {"Current": -height, "Z (Forward)": height}, (0.2, 0.2))
        elif kind == "npz":
            np.savez(file, height=height, nm_per_pixel=0.2)
        elif kind == "npy":
            np.save(file, height)
        elif kind == "png":
            from PIL import Image

            Image.fromarray(scaled).save(file)
        elif kind == "tif":
            import tifffile

            tifffile.imwrite(file, scaled, imagej=True, resolution=(5.0, 5.0), metadata={"unit": "nm"})
        else:
            raise AssertionError(kind)
        return file

    return written
