"""Every format, written and read back; and what is said when a file or dataset is not there."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import xarray
import zarr

from simulators.errors import SimulatorError
from simulators.recorded import RecordedMap, load

SCALAR = np.random.default_rng(0).normal(size=(3, 4))
SPECTRA = np.random.default_rng(1).normal(size=(3, 4, 5))
X, Y, E = np.array([0.0, 1.0, 2.0, 3.5]), np.array([-1.0, 0.0, 1.0]), np.linspace(920, 940, 5)


def same(found: RecordedMap, values: np.ndarray, *, positions: bool = True) -> None:
    """Compare values, and positions where the format holds them."""
    np.testing.assert_allclose(found.values, values)
    if positions:
        np.testing.assert_allclose(found.x.values, X)
        np.testing.assert_allclose(found.y.values, Y)


@pytest.mark.parametrize("values", [SCALAR, SPECTRA, (SCALAR * 100).astype(np.uint16)])
def test_npy(tmp_path: Path, values: np.ndarray) -> None:
    """One array; whole numbers stay whole."""
    np.save(tmp_path / "map.npy", values)
    found = load(tmp_path / "map.npy")
    same(found, values, positions=False)
    assert found.values.dtype.kind == values.dtype.kind


def test_npz(tmp_path: Path) -> None:
    """Several arrays, with axes beside them; the one with two or more dimensions is the map."""
    np.savez(tmp_path / "map.npz", spectra=SPECTRA, x=X, y=Y, energy=E)
    found = load(tmp_path / "map.npz")
    same(found, SPECTRA)
    np.testing.assert_allclose(found.pattern[0].values, E)


@pytest.mark.parametrize("values", [SCALAR, SPECTRA])
def test_zarr_array(tmp_path: Path, values: np.ndarray) -> None:
    """An array without a group, with dimension names in the order x, y."""
    names = ["x", "y", "energy"][: values.ndim]
    zarr.create_array(tmp_path / "map.zarr", data=np.swapaxes(values, 0, 1), dimension_names=names)
    same(load(tmp_path / "map.zarr"), values, positions=False)


@pytest.mark.filterwarnings("ignore:.*(Zarr V3|zarr v3|consolidated).*")
def test_zarr_group_as_xarray_writes_it(tmp_path: Path) -> None:
    """Coordinates and units come along."""
    data = xarray.DataArray(
        SPECTRA,
        dims=("stage_y", "stage_x", "energy"),
        coords={"stage_y": ("stage_y", Y, {"units": "mm"}), "stage_x": ("stage_x", X, {"units": "mm"}), "energy": E},
        attrs={"units": "counts"},
    )
    xarray.Dataset({"signal": data}).to_zarr(tmp_path / "map.zarr", zarr_format=3, consolidated=False)
    found = load(tmp_path / "map.zarr", "signal")
    same(found, SPECTRA)
    assert (found.units, found.x.units) == ("counts", "mm")
    np.testing.assert_allclose(found.pattern[0].values, E)


def test_tiff(tmp_path: Path) -> None:
    """One page is a map; several pages are a spectrum per position."""
    tifffile.imwrite(tmp_path / "map.tif", SCALAR.astype(np.float32))
    np.testing.assert_array_equal(load(tmp_path / "map.tif").values, SCALAR.astype(np.float32))
    pages = np.moveaxis(SPECTRA, 2, 0).astype(np.float32)
    tifffile.imwrite(tmp_path / "stack.tiff", pages, metadata={"axes": "ZYX"}, photometric="minisblack")
    same(load(tmp_path / "stack.tiff"), SPECTRA.astype(np.float32), positions=False)


@pytest.mark.parametrize("separator", [",", ";", "\t", "  "])
def test_csv_matrix(tmp_path: Path, separator: str) -> None:
    """Rows are y."""
    text = "\n".join(separator.join(f"{value!r}" for value in row) for row in SCALAR.tolist())
    (tmp_path / "map.csv").write_text("# made by hand\n\n" + text)
    same(load(tmp_path / "map.csv"), SCALAR, positions=False)


def table(columns: dict[str, np.ndarray]) -> str:
    """A table of positions, as the scan went: x fastest."""
    y, x = (grid.ravel() for grid in np.meshgrid(Y, X, indexing="ij"))
    rows = np.column_stack([x, y, *columns.values()]).tolist()
    return "\n".join([",".join(["x (µm)", "Y [mm]", *columns]), *(",".join(map(repr, row)) for row in rows)])


def test_csv_columns(tmp_path: Path) -> None:
    """Names with units; one column of several is chosen by its name."""
    (tmp_path / "map.csv").write_text(table({"height (nm)": SCALAR.ravel(), "phase": SCALAR.ravel() + 1}))
    found = load(tmp_path / "map.csv", "phase")
    same(found, SCALAR + 1)
    assert (found.x.units, found.y.units) == ("µm", "mm")
    with pytest.raises(SimulatorError, match="height, phase"):
        load(tmp_path / "map.csv")


def test_csv_spectra(tmp_path: Path) -> None:
    """Columns named by energies hold a spectrum."""
    (tmp_path / "map.csv").write_text(table({repr(e): SPECTRA[..., i].ravel() for i, e in enumerate(E.tolist())}))
    found = load(tmp_path / "map.csv")
    same(found, SPECTRA)
    np.testing.assert_allclose(found.pattern[0].values, E)


def test_hdf5_with_dimension_scales(tmp_path: Path) -> None:
    """Axes, labels and units as NSID and NetCDF write them; x is stored first here."""
    with h5py.File(tmp_path / "map.h5", "w") as file:
        data = file.create_dataset("Channel_0/loops", data=np.swapaxes(SPECTRA, 0, 1))
        data.attrs["units"] = "a.u."
        for number, (name, values) in enumerate([("X", X), ("Y", Y), ("Voltage", E)]):
            scale = file.create_dataset(f"Channel_0/{name}", data=values)
            scale.make_scale(name)
            scale.attrs["units"] = "m"
            data.dims[number].attach_scale(scale)
            data.dims[number].label = name
    found = load(tmp_path / "map.h5")
    same(found, SPECTRA)
    assert (found.units, found.x.units, found.pattern[0].long_name) == ("a.u.", "m", "Voltage")


def test_hdf5_nexus(tmp_path: Path) -> None:
    """A group that names its axes."""
    with h5py.File(tmp_path / "map.nxs", "w") as file:
        group = file.create_group("entry/data")
        group["counts"], group["sample_y"], group["sample_x"] = SCALAR, Y, X
        group.attrs["axes"] = ["sample_y", "sample_x"]
    same(load(tmp_path / "map.nxs"), SCALAR)


def test_hdf5_with_a_list_of_positions(tmp_path: Path) -> None:
    """One row per position and one column per step, as USID stores it."""
    y, x = (grid.ravel() for grid in np.meshgrid(Y, X, indexing="ij"))
    with h5py.File(tmp_path / "map.h5", "w") as file:
        data = file.create_dataset("Measurement/Raw_Data", data=SPECTRA.reshape(12, 5))
        positions = file.create_dataset("Measurement/Position_Values", data=np.column_stack([x, y]))
        positions.attrs["units"] = ["um", "um"]
        steps = file.create_dataset("Measurement/Spectroscopic_Values", data=E[None, :])
        steps.attrs["labels"], steps.attrs["units"] = ["Energy"], ["eV"]
        data.attrs["Position_Values"], data.attrs["Spectroscopic_Values"] = positions.ref, steps.ref
    found = load(tmp_path / "map.h5")
    same(found, SPECTRA)
    assert (found.pattern[0].long_name, found.pattern[0].units, found.x.units) == ("Energy", "eV", "um")


def test_a_dataset_is_found_by_a_part_of_its_name(tmp_path: Path) -> None:
    """The part must be whole words between slashes, and fit one dataset alone."""
    with h5py.File(tmp_path / "map.h5", "w") as file:
        for number in (1, 10):
            file[f"Measurement/Channel_{number}/data"] = SCALAR + number
    same(load(tmp_path / "map.h5", "Channel_1"), SCALAR + 1, positions=False)
    for wanted, message in [(None, "name one dataset"), ("data", "'data' is not one"), ("Channel_2", "no dataset")]:
        with pytest.raises(SimulatorError, match=f"{message}.*Channel_1/data.*Channel_10/data"):
            load(tmp_path / "map.h5", wanted)


@pytest.mark.parametrize("name", ["map.h5", "map.zarr", "map.npy", "map.npz", "map.tif", "map.csv"])
def test_files_that_are_missing_or_damaged(tmp_path: Path, name: str) -> None:
    """One line that names the file."""
    with pytest.raises(SimulatorError, match=r"no such file"):
        load(tmp_path / name)
    (tmp_path / name).write_bytes(b"\x00not a map\xff")
    with pytest.raises(SimulatorError, match=name) as caught:
        load(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_an_unknown_kind_of_file(tmp_path: Path) -> None:
    """The message lists what can be read."""
    with pytest.raises(SimulatorError, match=r"\.h5.*\.zarr.*\.npy"):
        load(tmp_path / "map.xls")


def test_variables_in_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable is replaced; one that is not set is named."""
    np.save(tmp_path / "map.npy", SCALAR)
    monkeypatch.setenv("MAPS", str(tmp_path))
    same(load("$MAPS/map.npy"), SCALAR, positions=False)
    monkeypatch.delenv("MAPS")
    with pytest.raises(SimulatorError, match="MAPS is not set"):
        load("$MAPS/map.npy")


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "empty"), ("1,2\n3", "row 2"), ("a,b\n1,2", "heading"), ("x,y,v\n0,0,one", "one")],
)
def test_tables_that_are_no_maps(tmp_path: Path, text: str, message: str) -> None:
    """The message says which row or column."""
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(SimulatorError, match=message):
        load(tmp_path / "map.csv")
