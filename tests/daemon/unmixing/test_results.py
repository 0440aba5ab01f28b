"""What an unmixing leaves on disk: readable by anyone, and whole or not at all."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
import xarray

from daemon.errors import DiskFull, StackError
from daemon.unmixing import (
    Outcome,
    Request,
    Standards,
    Wishes,
    make_room,
    target_folder,
    target_in_run,
    unmix_file,
    write_results,
)

QUICK = Wishes(components=2, background="none", method="corners", smoothing=0.0)


@pytest.fixture(scope="module")
def outcome(sample: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The small stack unmixed, with standards on a scale 0.4 eV higher."""
    folder = tmp_path_factory.mktemp("stack")
    file = folder / "powder <1>.npz"
    np.savez(file, counts=sample.frames, energies=sample.energies, i0=sample.i0, dark=sample.dark)
    axis = np.linspace(920.0, 946.0, 200)
    library = {
        f"{name} oxide": (axis, np.exp(-(((axis - at - 0.4) / 0.8) ** 2)))
        for name, at in (("low", 931.0), ("high", 934.0))
    }
    with make_room(folder, 10_000_000) as room:
        return unmix_file(file, Request(), QUICK, lambda _: Standards(library), room)


@pytest.fixture(scope="module")
def written(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its results."""
    folder = tmp_path_factory.mktemp("results") / "out"
    write_results(outcome, target_folder(folder))
    return folder


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take longest, and are tested elsewhere."""
    monkeypatch.setattr("daemon.unmixing.results.write_figures", lambda _, folder: folder.mkdir())


def test_the_answer_is_right(outcome: Outcome, sample: SimpleNamespace) -> None:
    """Names, shift and maps."""
    order = [outcome.labels.index(name) for name in ("low oxide", "high oxide")]
    assert outcome.unmixing.comparison is not None
    assert outcome.unmixing.comparison.shift == pytest.approx(0.4, abs=0.05)
    assert np.abs(outcome.unmixing.abundances[order] - sample.abundances).mean() < 0.05


def test_arrays_open_in_xarray_with_units_and_coordinates(outcome: Outcome, written: Path) -> None:
    """Without a warning, and equal to the result."""
    data = xarray.open_zarr(written / "unmixing.zarr", consolidated=False).load()
    np.testing.assert_array_equal(data["spectra"], outcome.unmixing.spectra)
    np.testing.assert_array_equal(data["abundances"], outcome.unmixing.abundances)
    assert data["abundances"].dims == ("component", "y", "x")
    assert data["spectra"].dims == ("component", "energy")
    assert data["energy"].attrs["units"] == "eV"
    assert data["intensity"].attrs["units"] == "counts"
    assert data["x"].attrs["units"] == "pixel"
    assert data.attrs["names"] == list(outcome.labels)
    assert data.attrs["unmixing"]["n_components"] == 2


def test_tables(outcome: Outcome, written: Path) -> None:
    """Spectra and correlations as any spreadsheet reads them."""
    with (written / "spectra.csv").open(newline="") as file:
        titles, *rows = csv.reader(file)
    assert titles == ["energy_eV", *outcome.labels]
    np.testing.assert_allclose(np.array(rows, float)[:, 1:].T, outcome.unmixing.spectra, rtol=1e-5)
    with (written / "correlations.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == 4
    matched = {row["name"]: row["standard"] for row in found if row["matched"] == "yes"}
    assert matched == {"low oxide": "low oxide", "high oxide": "high oxide"}
    assert all(float(r["correlation"]) > float(r["correlation_without_shift"]) for r in found if r["matched"] == "yes")


def test_figures_and_page(written: Path) -> None:
    """Pictures show something; the page fetches nothing and names what it is about."""
    names = {file.stem for file in (written / "figures").iterdir()}
    assert names == {"maps", "spectra", "correlations", "choice"}
    for file in (written / "figures").iterdir():
        picture = matplotlib.image.imread(file)
        assert picture.shape[0] > 200
        assert len(set(map(tuple, picture[::7, ::7].reshape(-1, picture.shape[-1]).tolist()))) > 10
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "powder &lt;1&gt;.npz" in page
    assert "<1>" not in page
    assert page.count("<svg") == 4
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", page)
    assert "energies from energies" in page


@pytest.mark.usefixtures("without_figures")
def test_two_standards_more_or_less_than_components(sample: SimpleNamespace, tmp_path: Path) -> None:
    """Fewer standards than components, one of them nothing like any; a page and tables all the same."""
    np.savez(tmp_path / "s.npz", counts=sample.frames, energies=sample.energies)
    axis = np.linspace(920.0, 946.0, 200)
    standards = Standards({"slope": (axis, axis)})
    with make_room(tmp_path, 10_000_000) as room:
        outcome = unmix_file(tmp_path / "s.npz", Request(), QUICK, lambda _: standards, room)
    assert outcome.labels == ("component 0", "component 1")
    write_results(outcome, target_folder(tmp_path / "out"))
    assert "most like slope" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("without_figures")
def test_results_are_replaced_whole_or_not_at_all(
    outcome: Outcome, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the page is written leaves what was there, and nothing beside it."""
    before = {file: file.read_bytes() for file in written.rglob("*") if file.is_file()}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("daemon.unmixing.results.write_page", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_results(outcome, target_folder(written))
    assert {file: file.read_bytes() for file in written.rglob("*") if file.is_file()} == before
    write_results(outcome, target_folder(written))
    assert sorted(path.name for path in written.parent.iterdir()) == ["out"]


def test_a_full_disk_is_said(outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is left."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("daemon.unmixing.results.write_figures", full)
    with pytest.raises(DiskFull):
        write_results(outcome, target_folder(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_figures")
def test_a_folder_of_somebody_else_is_left_alone(outcome: Outcome, tmp_path: Path) -> None:
    """Refused before any work; an empty one is fine."""
    (tmp_path / "theirs").mkdir()
    write_results(outcome, target_folder(tmp_path / "theirs"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(StackError, match="holds something else: name another folder with --output"):
        target_folder(tmp_path / "mine")


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is in the way, or it may only be read: said before any work."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match=r"cannot write to .*file: name another folder .* --output"):
        target_folder(tmp_path / "file" / "out")
    monkeypatch.setattr(os, "access", lambda *_: False)
    for target in (target_folder, target_in_run):
        with pytest.raises(StackError, match="name another folder"):
            target(tmp_path / "out")


def test_what_the_analysis_refuses_is_one_line(tmp_path: Path, make_stack: Callable[..., SimpleNamespace]) -> None:
    """More components than pixels; frames without anything; I0 of zero throughout."""
    small = make_stack((2, 3), 12)
    cases = {
        "components": ({"counts": small.frames}, Wishes(components=9), "9 components cannot be found in 6 pixels"),
        "empty": ({"counts": np.zeros((12, 4, 5))}, QUICK, "at least 3 energies|no signal"),
        "i0": ({"counts": small.frames, "i0": np.zeros(12)}, QUICK, "i0 is above 0 for no frame"),
    }
    for name, (arrays, wishes, words) in cases.items():
        np.savez(tmp_path / f"{name}.npz", energies=small.energies, **arrays)
        with make_room(tmp_path, 10_000_000) as room, pytest.raises(StackError, match=words):
            unmix_file(tmp_path / f"{name}.npz", Request(), wishes, lambda _: None, room)
