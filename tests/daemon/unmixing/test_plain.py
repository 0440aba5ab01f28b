"""Slices of plain arrays in files, and how arrays are cut into pieces."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.unmixing.plain import PlainArray, PlainStack, piece_shape, pieces

CUBE = np.arange(4 * 5 * 6, dtype=np.int32).reshape(4, 5, 6)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The cube after a header of eleven bytes."""
    path = tmp_path / "cube.raw"
    path.write_bytes(b"a beginning" + CUBE.tobytes())
    return path


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
def test_any_order_of_axes(axes: tuple[int, int, int], file: Path) -> None:
    """As NumPy transposes."""
    stack = PlainStack(PlainArray(file, 11, CUBE.dtype, CUBE.shape), axes)
    expected = CUBE.transpose(axes)
    assert stack.shape == expected.shape
    for key in (np.s_[:, 1:3, :], np.s_[2], np.s_[1:3], np.s_[:, :, 1:2], np.s_[0, 1:4], np.s_[-1], np.s_[1, 2, 3]):
        np.testing.assert_array_equal(stack[key], expected[key])


def test_axes_of_length_one_are_seen_through(file: Path) -> None:
    """Wherever they are."""
    stack = PlainStack(PlainArray(file, 11, CUBE.dtype, (1, 4, 1, 5, 6)), (1, 3, 4))
    np.testing.assert_array_equal(stack[:, 2:4], CUBE[:, 2:4])


lengths = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4)


@given(lengths, st.integers(1, 2000))
def test_pieces_cover_everything_once_and_fit(dimensions: list[tuple[int, int]], memory: int) -> None:
    """Pieces are of whole chunks, and larger than the memory only where a chunk is."""
    shape, chunks = [length for length, _ in dimensions], [min(pair) for pair in dimensions]
    piece = piece_shape(shape, chunks, 4, memory)
    assert 4 * math.prod(piece) <= max(memory, 4 * math.prod(chunks))
    assert all(p % c == 0 or p == s for p, c, s in zip(piece, chunks, shape, strict=True))
    count = np.zeros(shape, int)
    for part in pieces(shape, piece):
        count[part] += 1
    assert (count == 1).all()
