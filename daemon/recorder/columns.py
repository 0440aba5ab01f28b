"""One data key of a stream: a value per event, in the narrowest type that holds every one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK_EVENTS = 1024
"""Events in a chunk of a scalar array: one file for nearly every run."""
CHUNK_BYTES = 2**20
"""No chunk is larger than this, bytes, however large the value of one event is."""
TEXT = np.dtype(object)
"""How columns of strings are held."""

_TYPES = {"number": np.dtype(float), "integer": np.dtype(np.int64), "boolean": np.dtype(bool), "string": TEXT}


def announced_type(data_key: Mapping[str, Any]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The type and the shape of one event's value that a descriptor announces.

    Shapes that are open (None in a dimension) are announced as text, because their arrays have no common shape.
    """
    numpy_type = data_key.get("dtype_numpy")
    dtype = _TYPES.get(data_key["dtype"], np.dtype(float))
    if isinstance(numpy_type, str):
        named = np.dtype(numpy_type)
        dtype = named.newbyteorder("=") if named.kind in "biuf" and named.itemsize <= 8 else TEXT
    if data_key["dtype"] != "array":
        return dtype, ()
    shape = tuple(data_key.get("shape") or ())
    return (dtype, shape) if all(shape) and dtype is not TEXT else (TEXT, ())


class Column:
    """The values of one data key.

    A value that does not fit what was announced widens the column for all events: first to 64-bit floats, then to text
    (the value's JSON). So no value is refused or cut off; the journal keeps all of them exactly.

    Args:
        dtype: what was announced; `TEXT` for strings.
        shape: of one event's value.
        attributes: of the array on disk: units and the like.
        dimensions: names of the dimensions of one event's value.

    Attributes:
        dirty: chunks with values that are not on disk yet.
        retyped: whether the column was widened since it was last on disk, so that its old chunks mean nothing now.
    """

    def __init__(
        self,
        dtype: np.dtype[Any],
        shape: tuple[int, ...] = (),
        attributes: Mapping[str, Any] | None = None,
        dimensions: tuple[str, ...] = (),
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.attributes = dict(attributes or {})
        self.dimensions = dimensions
        self.dirty: set[int] = set()
        self.retyped = False
        self.length = 0
        self._values = self._blank(64)

    @property
    def data_type(self) -> str:
        """Zarr's name of the type."""
        return "string" if self.dtype == TEXT else self.dtype.name

    @property
    def chunk_events(self) -> int:
        """Events in one chunk."""
        size = max(1, self.dtype.itemsize * int(np.prod(self.shape)))
        return max(1, min(CHUNK_EVENTS, CHUNK_BYTES // size))

    def set(self, row: int, value: object) -> None:
        """Puts the value of one event in its row; rows in between that have none yet are left blank."""
        while not self._fits(value) or (row > self.length and not self._fits(None)):
            self._widen()
        if row >= len(self._values):
            self._values = np.concatenate([self._values, self._blank(max(row + 1, 2 * len(self._values)))])
        self._values[row] = self._held(value)
        self.length = max(self.length, row + 1)
        self.dirty.add(row // self.chunk_events)

    def values(self) -> NDArray[Any]:
        """The values, shape (event, …); text as Python strings in an array of objects."""
        return self._values[: self.length]

    def chunk(self, index: int) -> NDArray[Any]:
        """The values of one chunk, shape (chunk_events, …), blank where there is no event yet."""
        first = index * self.chunk_events
        present = self.values()[first : first + self.chunk_events]
        return np.concatenate([present, self._blank(self.chunk_events - len(present))])

    def _blank(self, rows: int) -> NDArray[Any]:
        fill = "" if self.dtype == TEXT else np.nan if self.dtype.kind == "f" else 0
        return np.full((rows, *self.shape), fill, dtype=self.dtype)

    def _fits(self, value: object) -> bool:
        if self.dtype == TEXT:
            return True
        if value is None:
            return self.dtype.kind == "f"
        if self.shape:
            return self._array_fits(value)
        return _number_fits(value, self.dtype)

    def _array_fits(self, value: object) -> bool:
        try:
            array = np.asarray(value)
        except ValueError:  # a ragged list
            return False
        if array.shape != self.shape or array.dtype.kind not in "biuf":
            return False
        if array.dtype.kind == "f" and self.dtype.kind != "f":
            return False
        return array.size == 0 or (_number_fits(array.min(), self.dtype) and _number_fits(array.max(), self.dtype))

    def _held(self, value: object) -> object:
        if self.dtype != TEXT:
            return np.nan if value is None else value
        if isinstance(value, str):
            return value
        return "" if value is None else json.dumps(value)

    def _widen(self) -> None:
        old = self.values()
        if self.dtype != np.dtype(float):
            self.dtype = np.dtype(float)
            self._values = np.concatenate([old.astype(float), self._blank(1)])
        else:
            self.attributes["content"] = "JSON"
            texts = [json.dumps(value.tolist()) for value in old]
            self.dtype, self.shape, self.dimensions = TEXT, (), ()
            self._values = np.array([*texts, ""], dtype=TEXT)
        self.retyped = True
        self.dirty = set(range(-(-self.length // self.chunk_events)))


def _number_fits(value: object, dtype: np.dtype[Any]) -> bool:
    """Whether a number can stand in an array of that type and mean the same."""
    if isinstance(value, bool | np.bool_):
        return True
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return isinstance(value, int | np.integer) and bool(limits.min <= value <= limits.max)
    if dtype.kind != "f" or not isinstance(value, int | float | np.integer | np.floating):
        return False
    largest = float(np.finfo(dtype).max)
    return not (largest < abs(value) and abs(value) != np.inf)
