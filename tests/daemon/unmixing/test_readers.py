"""Every kind of file gives the same stack, and says what is wrong with it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from daemon.errors import StackError
from daemon.unmixing.contents import Request
from daemon.unmixing.readers import read_contents
from daemon.unmixing.room import Room, make_room
from daemon.unmixing.stack import Stack, assemble

Read = Callable[..., Stack]
Write = Callable[[str], Path]

KINDS = (
    "npy",
    "fortran",
    "npz",
    "hdf5",
    "hdf5_spectra",
    "hspy",
    "uneven_hspy",
    "zspy",
    "zarr",
    "imagej",
    "ome",
    "images",
)
SILENT = ("npy", "fortran")
"""Kinds that tell no energies."""


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Read]:
    """Reads a file."""
    with make_room(tmp_path / "scratch", 100_000) as room:

        def read(path: Path, **wishes: Any) -> Stack:
            request = Request(**wishes)
            return assemble(read_contents(path, request, room), request)

        yield read


@pytest.mark.parametrize("kind", KINDS)
def test_all_kinds_give_the_same(
    kind: str, sample: SimpleNamespace, write: Write, read: Read, energies_file: Path
) -> None:
    """Frames, byte for byte, and energies."""
    stack = read(write(kind), energies=str(energies_file) if kind in SILENT else None)
    assert stack.frames.shape == sample.frames.shape
    np.testing.assert_array_equal(stack.frames[:, :, :], sample.frames)
    np.testing.assert_array_equal(stack.frames[:, 3:9, :], sample.frames[:, 3:9])
    np.testing.assert_array_equal(stack.frames[4], sample.frames[4])
    np.testing.assert_allclose(stack.energies, sample.energies, rtol=1e-12)


@pytest.mark.parametrize("kind", ["hdf5", "npz"])
def test_i0_and_dark_are_found_by_name_and_can_be_refused(
    kind: str, sample: SimpleNamespace, write: Write, read: Read
) -> None:
    """They are taken, told, and left out on demand."""
    path = write(kind)
    stack = read(path)
    np.testing.assert_allclose(stack.i0, sample.i0)
    np.testing.assert_allclose(stack.dark, sample.dark)
    assert {note.partition(" ")[0] for note in stack.notes} == {"energies", "i0", "dark"}
    without = read(path, i0="none", dark="none")
    assert without.i0 is None
    assert without.dark is None
    assert np.all(read(path, dark="3.5").dark == 3.5)


def test_energies_by_name_win_over_those_of_the_file(
    sample: SimpleNamespace, write: Write, read: Read, tmp_path: Path
) -> None:
    """Another array of the same file, whatever it is called."""
    path = write("hdf5")
    with h5py.File(path, "a") as file:
        file["entry/calibrated"] = sample.energies + 0.25
    np.testing.assert_allclose(read(path, energies="entry/calibrated").energies, sample.energies + 0.25)


def test_pixels_keep_their_coordinates(write: Write, read: Read, tmp_path: Path) -> None:
    """Half a micrometre a pixel."""
    stack = read(write("hspy"))
    assert (stack.rows.name, stack.columns.name, stack.columns.units) == ("y", "x", "µm")
    np.testing.assert_allclose(stack.columns.values, 0.5 * np.arange(20))


def test_packed_files_are_unpacked_in_pieces(sample: SimpleNamespace, tmp_path: Path) -> None:
    """No piece is larger than a quarter of the memory, unless a chunk is."""
    largest = 0

    class Watched:
        shape, dtype = sample.frames.shape, sample.frames.dtype

        def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - any index
            nonlocal largest
            largest = max(largest, sample.frames[key].nbytes)
            return sample.frames[key]

    with make_room(tmp_path, 8_000) as room:
        plain = room.lay_out(Watched(), (1, 5, 7))
        np.testing.assert_array_equal(plain[:, :, :], sample.frames)
        assert 1_000 < largest <= 2_000
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_said_before_anything_is_unpacked(
    write: Write, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it takes, what there is, and the option to change."""
    monkeypatch.setattr("daemon.unmixing.room.free_space", lambda _: 1000)
    with pytest.raises(StackError, match=r"takes 28.8 kB, and .* has 1 kB free: .* --scratch"):
        read(write("hspy"))


def test_missing_energies_are_asked_for(write: Write, read: Read, tmp_path: Path) -> None:
    """With the number of them."""
    with pytest.raises(StackError, match=r"stack.npy does not tell its energies: .* --energies FILE, 30 numbers"):
        read(write("npy"))


def test_wrong_number_of_energies(write: Write, read: Read, tmp_path: Path) -> None:
    """Both numbers are told."""
    (tmp_path / "e.txt").write_text("1\n2\n3\n")
    with pytest.raises(StackError, match="3 energies for 30 frames"):
        read(write("npy"), energies=str(tmp_path / "e.txt"))


def test_energies_choose_the_axis_that_they_fit(
    sample: SimpleNamespace, read: Read, tmp_path: Path, energies_file: Path
) -> None:
    """A cube of spectra without a word, and one that could be read in two ways."""
    np.save(tmp_path / "cube.npy", sample.frames.transpose(1, 2, 0))
    stack = read(tmp_path / "cube.npy", energies=str(energies_file))
    np.testing.assert_array_equal(stack.frames[:, :, :], sample.frames)
    np.save(tmp_path / "two.npy", np.zeros((24, 30, 30)))
    with pytest.raises(StackError, match="--energy-axis"):
        read(tmp_path / "two.npy", energies=str(energies_file))
    assert read(tmp_path / "two.npy", energies=str(energies_file), energy_axis=2).frames.shape == (30, 24, 30)


def test_several_arrays_must_be_chosen_from(sample: SimpleNamespace, write: Write, read: Read, tmp_path: Path) -> None:
    """The answer lists them with their shapes; the end of a path is enough."""
    path = write("hdf5")
    with h5py.File(path, "a") as file:
        file["other/counts2"] = sample.frames[:, :5]
    with pytest.raises(StackError, match=r"2 stacks: name one with --dataset: entry/data/counts 30×24×20, other"):
        read(path)
    assert read(path, dataset="data/counts").frames.shape == (30, 24, 20)
    with pytest.raises(StackError, match="--dataset nothing"):
        read(path, dataset="nothing")


def test_nexus_default_is_followed(sample: SimpleNamespace, read: Read, tmp_path: Path) -> None:
    """The signal that a file shows first, with the axes that it names."""
    with h5py.File(tmp_path / "n.nxs", "w") as file:
        file.attrs["default"] = "entry"
        file.create_group("entry").attrs["default"] = "shown"
        shown = file.create_group("entry/shown")
        shown.attrs.update(signal="counts", axes=["mono", "y", "x"])
        shown["counts"], shown["mono"] = sample.frames, sample.energies
        shown["mono"].attrs["units"] = "eV"
        file["entry/raw/counts"] = sample.frames
    stack = read(tmp_path / "n.nxs")
    assert "entry/shown/counts" in stack.origin
    np.testing.assert_allclose(stack.energies, sample.energies)


def broken(path: Path) -> Path:
    """The first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize("kind", ["npz", "hdf5", "hdf5_spectra", "hspy", "imagej", "ome", "npy"])
def test_a_broken_file_is_one_line(kind: str, write: Write, read: Read, energies_file: Path, tmp_path: Path) -> None:
    """Half of a download."""
    path = broken(write(kind))
    with pytest.raises(StackError) as raised:
        read(path, energies=str(energies_file))
    assert "\n" not in str(raised.value)
    assert path.name in str(raised.value)


def test_what_is_no_stack(write: Write, read: Read, tmp_path: Path) -> None:
    """Text, an empty folder, a colour photograph, a file of names."""
    (tmp_path / "a.txt").write_text("hello, this is text")
    (tmp_path / "empty").mkdir()
    tifffile.imwrite(tmp_path / "c.tif", np.zeros((8, 9, 3), np.uint8), photometric="rgb")
    np.save(tmp_path / "names.npy", np.array([[["a"]]]))
    for name, words in {
        "a.txt": "can be read",
        "empty": "can be read",
        "c.tif": "colour",
        "names.npy": "not numbers",
    }.items():
        with pytest.raises(StackError, match=words):
            read(tmp_path / name)


def test_frames_of_changing_shape(sample: SimpleNamespace, write: Write, read: Read, tmp_path: Path) -> None:
    """In one TIFF and in a folder of images."""
    with tifffile.TiffWriter(tmp_path / "t.tif") as writer:
        writer.write(sample.frames[:3], photometric="minisblack", contiguous=True)
        writer.write(sample.frames[:2, :7], photometric="minisblack", contiguous=True)
    with pytest.raises(StackError, match=r"several shapes \(0: 3×24×20, 1: 2×7×20\)"):
        read(tmp_path / "t.tif")
    folder = write("images")
    tifffile.imwrite(next(folder.glob("cu_11_*")), sample.frames[11, :7])
    with pytest.raises(StackError, match=r"cu_11_.* has shape \(7, 20\), cu_0_.*: give frames of one shape"):
        read(folder)


def test_zarr_packed_into_one_file(sample: SimpleNamespace, write: Write, read: Read, tmp_path: Path) -> None:
    """As HyperSpy can write it, too."""
    folder = write("zspy")
    with zipfile.ZipFile(tmp_path / "packed.zspy", "w") as packed:
        for file in folder.rglob("*"):
            packed.write(file, str(file.relative_to(folder)))
    np.testing.assert_array_equal(read(tmp_path / "packed.zspy").frames[:, :, :], sample.frames)


def test_room_is_removed_when_work_is_interrupted(tmp_path: Path) -> None:
    """Ctrl-C while unpacking."""

    def work(room: Room) -> None:
        room.new_file(10).write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), make_room(tmp_path / "scratch", 1000) as room:
        work(room)
    assert list((tmp_path / "scratch").iterdir()) == []
