"""Arrays that the analyst writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr

from daemon.analyst.maps import write_array, write_group


@pytest.mark.parametrize("shape", [(3,), (2, 4), (0,), (0, 4)])
def test_any_zarr_reader_opens_them(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Also those without a value, and those that became shorter."""
    folder = write_group(tmp_path, "things", {"kind": "test"})
    write_array(folder / "values", np.ones((5, *shape[1:])), ("row", "column")[: len(shape)])
    values = np.arange(float(np.prod(shape))).reshape(shape)
    write_array(folder / "values", values, ("row", "column")[: len(shape)], {"units": "nm"})
    array = zarr.open_array(folder / "values", mode="r")
    assert array.shape == shape
    np.testing.assert_array_equal(array[...], values)
    assert array.attrs["units"] == "nm"
