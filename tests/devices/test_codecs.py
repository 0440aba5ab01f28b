"""Packing frames."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from daemon.settings import RecorderSettings
from devices.arrays import place_array, render_array, set_length
from devices.codecs import CODECS, DEFAULT, codec_named, decode
from devices.errors import FrameWriterError
from devices.frames import FrameLayout
from devices.store import FrameStore

KINDS = ["u1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8", "<u8"]


@settings(deadline=None, max_examples=60)
@given(
    frame=npst.arrays(st.sampled_from(KINDS).map(np.dtype), npst.array_shapes(min_dims=2, max_dims=2, max_side=40)),
    name=st.sampled_from(sorted(CODECS)),
)
def test_nothing_is_lost(tmp_path_factory: pytest.TempPathFactory, frame: np.ndarray, name: str) -> None:
    """Our own reader and zarr's give the same bytes back, whatever they are."""
    codec, layout = CODECS[name], FrameLayout("cam", frame.shape, frame.dtype)
    names = ["bytes", codec.library] if codec.library else ["bytes"]
    packed = bytes(memoryview(codec.encoder()(frame)).cast("B"))
    assert decode(packed, names, frame.dtype).tobytes() == frame.tobytes()
    folder = tmp_path_factory.mktemp("stream")
    place_array(folder, render_array(layout, codec))
    store = FrameStore(folder / "cam", codec, layout.shard_shape[0])
    store.write(0, [frame])
    store.close()
    set_length(folder / "cam", 1)
    assert np.asarray(zarr.open_array(folder / "cam", mode="r")[0, 0]).tobytes() == frame.tobytes()


def test_without_a_codec_nothing_is_copied() -> None:
    """What goes to the disk is the camera's own memory."""
    frame = np.zeros((2, 3), np.uint16)
    assert np.shares_memory(CODECS["none"].encoder()(frame), frame)


def test_sparse_counts_become_small() -> None:
    """The default takes at most 7 % of their size."""
    frame = np.random.default_rng(0).poisson(0.05, (512, 512)).astype(np.uint16)
    assert len(memoryview(CODECS[DEFAULT].encoder()(frame)).cast("B")) <= 0.07 * frame.nbytes


def test_a_codec_that_is_not_there_is_named() -> None:
    """With those that are."""
    with pytest.raises(FrameWriterError, match=r"no codec 'jpeg'.*none.*lz4"):
        codec_named("jpeg")


def test_the_settings_know_all_codecs() -> None:
    """And the same default."""
    field = RecorderSettings.model_fields["codec"]
    assert (get_args(field.annotation), field.default) == (tuple(CODECS), DEFAULT)


def test_a_foreign_codec_is_told_from_a_damaged_frame(tmp_path: Path) -> None:
    """Whoever reads may turn to zarr then."""
    with pytest.raises(KeyError):
        decode(b"", ["bytes", "gzip"], np.dtype("u1"))
