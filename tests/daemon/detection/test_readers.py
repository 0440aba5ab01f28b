"""Every kind of file gives the same image, and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.detection.readers import find_files, read_scans
from daemon.detection.scan import Request, Scan
from daemon.errors import ScanError

Floats = NDArray[np.float64]
Write = Callable[[str], Path]
KINDS = ("sxm", "sxm-up", "gwy", "npz", "tif")
SILENT = ("png", "npy")
"""Kinds that do not tell the size of their pixels."""


def read(file: Path, nm: float | None = None, channel: str | None = None) -> Scan:
    """The only image of a file."""
    (scan,) = read_scans(file, Request(nm, channel))
    return scan


@pytest.mark.parametrize("kind", [*KINDS, *SILENT])
def test_heights_are_those_that_were_written(write: Write, height: Floats, kind: str) -> None:
    """But for unit and offset, each kind gives the same surface, the right way up."""
    scan = read(write(kind), 0.2 if kind in SILENT else None)
    assert scan.height.shape == height.shape
    assert scan.height.dtype == np.float64
    assert np.corrcoef(scan.height.ravel(), height.ravel())[0, 1] > 0.9999
    assert scan.nm_per_pixel == pytest.approx((0.2, 0.2), rel=1e-4)


@pytest.mark.parametrize("kind", SILENT)
def test_somebody_must_tell_the_pixels(write: Write, kind: str) -> None:
    """A picture does not."""
    with pytest.raises(ScanError, match="--nm-per-pixel"):
        read(write(kind))


def test_what_a_person_says_goes_first(write: Write) -> None:
    """Over the file's own word."""
    assert read(write("sxm"), 0.11).nm_per_pixel == (0.11, 0.11)


def test_channels_can_be_named(write: Write, height: Floats) -> None:
    """By their names; wrong ones are answered with the right ones."""
    assert read(write("sxm"), channel="current").height == pytest.approx(1e-9)
    assert np.corrcoef(read(write("gwy"), channel="Current").height.ravel(), height.ravel())[0, 1] < -0.9999
    for kind, names in (("sxm", "Current, Z"), ("gwy", "Current, Z"), ("npz", "height")):
        with pytest.raises(ScanError, match=names):
            read(write(kind), channel="Phase")


def test_lines_that_were_not_scanned_are_told(tmp_path: Path, height: Floats, write_planes: Any) -> None:  # noqa: ANN401
    """They stay missing."""
    part = height.copy()
    part[30:] = np.nan
    write_planes["sxm"](tmp_path / "part.sxm", {"Z": part}, (0.2, 0.2))
    scan = read(tmp_path / "part.sxm")
    assert np.isnan(scan.height[30:]).all()
    assert scan.notes == ("18 of 48 lines were not scanned",)


def test_pixels_need_not_be_square(tmp_path: Path, height: Floats, write_planes: Any) -> None:  # noqa: ANN401
    """Both sides are told."""
    for kind, write_kind in write_planes.items():
        write_kind(tmp_path / f"a.{kind}", {"Z": height}, (0.2, 0.3))
    for name in ("a.sxm", "a.gwy"):
        assert read(tmp_path / name).nm_per_pixel == pytest.approx((0.2, 0.3), rel=1e-4)


def test_several_images_in_a_file(tmp_path: Path, height: Floats) -> None:
    """Each has a name of its own."""
    np.save(tmp_path / "many.npy", np.stack([height, 2 * height]))
    one, two = read_scans(tmp_path / "many.npy", Request(0.2))
    assert two.height == pytest.approx(2 * one.height)
    assert one.name != two.name


@pytest.mark.parametrize("kind", [*KINDS, *SILENT])
@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.6, 0.98])
def test_files_that_are_cut_off_are_told(write: Write, kind: str, part: float) -> None:
    """Wherever they end, in one line that names the file."""
    file = write(kind)
    content = file.read_bytes()
    file.write_bytes(content[: int(part * len(content))])
    with pytest.raises(ScanError, match=r"scan\.") as caught:
        read(file, 0.2)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["sxm", "gwy", "npz", "tif", "npy", "png"])
def test_garbage_within_a_file_does_no_harm(write: Write, kind: str) -> None:
    """Flipped bytes give an image or a clear refusal, nothing else."""
    file = write(kind)
    content = file.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(content)
        for place in rng.integers(0, min(len(content), 1500), 3):
            broken[place] = int(rng.integers(0, 256))
        file.write_bytes(broken)
        try:
            read_scans(file, Request(0.2))
        except ScanError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.sxm", b"", "empty"),
        ("text.png", b"hello, world", "no image"),
        ("archive.npz", b"PK\3\4 and nothing", "damaged"),
    ],
)
def test_what_is_no_image_is_told(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """With the kinds that can be read."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScanError, match=said):
        read_scans(tmp_path / name, Request(0.2))


def test_colour_is_refused_and_grey_in_three_colours_is_not(tmp_path: Path, height: Floats) -> None:
    """Heights cannot be told from colours."""
    from PIL import Image

    grey = np.uint8(255 * (height - height.min()) / np.ptp(height))
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(tmp_path / "grey.png")
    assert np.array_equal(read(tmp_path / "grey.png", 0.2).height, grey)
    Image.fromarray(np.stack([grey, 255 - grey, grey], axis=-1)).save(tmp_path / "colour.png")
    with pytest.raises(ScanError, match="colour"):
        read(tmp_path / "colour.png", 0.2)


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4), complex), np.zeros((4, 4), "U3"), np.zeros(4), np.zeros((2, 2, 2, 2))]
)
def test_arrays_that_are_no_image(tmp_path: Path, array: Any) -> None:  # noqa: ANN401
    """Say their shape or type."""
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ScanError, match=r"shape|real numbers"):
        read(tmp_path / "a.npy", 0.2)


def test_python_objects_are_not_loaded(tmp_path: Path) -> None:
    """They could run anything."""
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ScanError, match=r"a\.npy"):
        read(tmp_path / "a.npy", 0.2)


def test_folders(tmp_path: Path, write: Write) -> None:
    """Images by name; other files do not matter, and an empty folder is told."""
    with pytest.raises(ScanError, match="no image"):
        find_files(tmp_path)
    for kind in ("sxm", "npz", "gwy"):
        write(kind)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.sxm").write_text("x")
    assert [file.name for file in find_files(tmp_path)] == ["scan.gwy", "scan.npz", "scan.sxm"]
    assert find_files(tmp_path / "scan.sxm") == [tmp_path / "scan.sxm"]
    with pytest.raises(ScanError, match="cannot be read"):
        read_scans(tmp_path / "none.sxm", Request())
