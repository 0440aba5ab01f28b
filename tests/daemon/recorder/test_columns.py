"""Columns hold whatever a data key really delivers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from daemon.recorder.columns import CHUNK_BYTES, TEXT, Column, announced_type

FLOAT, INT, BOOL = np.dtype(float), np.dtype(np.int64), np.dtype(bool)


def column(dtype: DTypeLike, values: list[Any], shape: tuple[int, ...] = ()) -> Column:
    """A column filled with values."""
    filled = Column(np.dtype(dtype), shape)
    for row, value in enumerate(values):
        filled.set(row, value)
    return filled


@pytest.mark.parametrize(
    ("data_key", "expected"),
    [
        ({"dtype": "number", "shape": []}, (FLOAT, ())),
        ({"dtype": "integer", "shape": []}, (INT, ())),
        ({"dtype": "integer", "shape": [], "dtype_numpy": "<u2"}, (np.dtype(np.uint16), ())),
        ({"dtype": "number", "shape": [], "dtype_numpy": ">f4"}, (np.dtype(np.float32), ())),
        ({"dtype": "boolean", "shape": []}, (BOOL, ())),
        ({"dtype": "string", "shape": [], "dtype_numpy": "<U9"}, (TEXT, ())),
        ({"dtype": "array", "shape": [4, 2]}, (FLOAT, (4, 2))),
        ({"dtype": "array", "shape": [None]}, (TEXT, ())),
        ({"dtype": "array", "shape": [0]}, (TEXT, ())),
        ({"dtype": "array", "shape": [3], "dtype_numpy": "<U4"}, (TEXT, ())),
    ],
)
def test_announced_types(data_key: dict[str, Any], expected: tuple[Any, tuple[int, ...]]) -> None:
    """A descriptor's words become a type and a shape."""
    assert announced_type(data_key) == expected


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        (INT, [1, 2, np.nan], [1.0, 2.0, np.nan]),
        (INT, [1, None, 3], [1.0, np.nan, 3.0]),
        (INT, [1, 2.5], [1.0, 2.5]),
        (INT, [2**63], [float(2**63)]),
        (BOOL, [True, 2], [1.0, 2.0]),
        (BOOL, [True, None], [1.0, np.nan]),
        (FLOAT, [True, 3, None], [1.0, 3.0, np.nan]),
        (np.uint8, [255, 256], [255.0, 256.0]),
        (np.float32, [1.5, 1e300], [1.5, 1e300]),
    ],
)
def test_a_value_that_does_not_fit_widens_its_column(
    dtype: DTypeLike, values: list[Any], expected: list[float]
) -> None:
    """Nothing is truncated to an integer, wrapped, or cast to true."""
    np.testing.assert_array_equal(column(dtype, values).values(), np.array(expected))


@pytest.mark.parametrize(
    ("values", "shape"),
    [([1.0, "beam lost"], ()), ([[1, 2], [1, 2, 3]], (2,)), ([[1.0, 2.0], [[1], [2, 3]]], (2,)), ([1.0, 10**400], ())],
)
def test_what_is_no_number_makes_the_column_text(values: list[Any], shape: tuple[int, ...]) -> None:
    """The text of numbers and lists is JSON, a string stays as it is, and the array says so."""
    filled = column(FLOAT, values, shape)
    assert filled.dtype == TEXT
    assert filled.attributes["content"] == "JSON"
    assert filled.retyped
    held = filled.values()
    assert [
        text if isinstance(value, str) else json.loads(text) for text, value in zip(held, values, strict=True)
    ] == values


@given(st.lists(st.tuples(st.integers(0, 40), st.none() | st.integers() | st.floats() | st.booleans()), max_size=60))
def test_the_last_value_of_each_row_stands(writes: list[tuple[int, Any]]) -> None:
    """Whatever comes in whatever order, a row holds its last value, and rows that never came are blank."""
    filled = Column(INT)
    expected: dict[int, Any] = {}
    for row, value in writes:
        filled.set(row, value)
        expected[row] = value
    values = filled.values()
    assert len(values) == (max(expected) + 1 if expected else 0)
    for row, held in enumerate(values):
        value = expected.get(row)
        if filled.dtype == TEXT:
            assert held == ("" if value is None else json.dumps(value)) or float(held) == pytest.approx(
                value, nan_ok=True
            )
        elif value is None:
            assert np.isnan(held)
        else:
            assert held == pytest.approx(float(value), nan_ok=True)


def test_chunks_are_bounded_and_padded() -> None:
    """A chunk is at most a mebibyte, however large one value, and always as long as announced."""
    wide = column(FLOAT, [np.ones(50_000)], (50_000,))
    assert 1 <= wide.chunk_events <= CHUNK_BYTES // (8 * 50_000)
    assert wide.chunk(0).shape == (wide.chunk_events, 50_000)
    long = column(FLOAT, list(range(1500)))
    assert long.dirty == {0, 1}
    np.testing.assert_array_equal(np.concatenate([long.chunk(0), long.chunk(1)])[:1500], np.arange(1500.0))
    assert np.isnan(long.chunk(1)[-1])
