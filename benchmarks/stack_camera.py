"""The photoemission twin with a camera that takes frames as fast as they are taken from it."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.streaming_camera import PerfectCamera
from devices.errors import ExposureInterruptedError
from devices.monitor import BeamMonitor
from devices.protocols import Done, FrameDone, FrameSink
from devices.streaming import StreamingDetector
from simulators.peem import instrument as make

VARIANTS = 4
"""Different frames of each energy, given in turns: drawing noise is the twin's cost, not the daemon's."""
ENERGIES = 100
RANGE = (925.0, 945.0)
SCALE = 100.0
"""Counts per pixel at the mean."""


class StackCamera(PerfectCamera):
    """Gives frames of a copper stack, each with its running number in its first pixel: a ``StreamBackend``.

    Args:
        size: rows and columns of a frame.
        energy: says at which photon energy the monochromator stands, eV.
    """

    def __init__(self, size: int, energy: Any) -> None:  # noqa: ANN401 - any ophyd axis
        super().__init__(size, 1e-4)
        self._energy, self._bank = energy, bank(size)
        self._given = 0
        self._ended = threading.Event()

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Give a single frame."""
        done(np.zeros(self.shape, self.dtype) if dark else self._bank[self._place(), 0], None)

    def stream(self, sink: FrameSink, frames: int, done: Done, dark: bool = False) -> None:
        """Give frames from a thread of its own, as fast as the sink takes them."""
        self._ended = ended = threading.Event()
        threading.Thread(target=self._stream, args=(sink, frames, done, dark, ended), name="camera").start()

    def abort(self) -> None:
        """Give no more."""
        self._ended.set()

    def _stream(self, sink: FrameSink, frames: int, done: Done, dark: bool, ended: threading.Event) -> None:
        place = self._place()
        try:
            for _ in range(frames):
                if ended.is_set():
                    raise ExposureInterruptedError("the exposures were ended")
                slot = sink.reserve()
                np.copyto(slot, 0 if dark else self._bank[place, self._given % VARIANTS])
                if not dark:
                    slot[0, 0] = self._given % 2**16
                    self._given += 1
                sink.publish()
        except Exception as error:
            done(error)
        else:
            done(None)

    def _place(self) -> int:
        low, high = RANGE
        return round((float(self._energy.position) - low) / (high - low) * (ENERGIES - 1))


def bank(size: int) -> NDArray[np.uint16]:
    """All different frames, shape (energy, variant, y, x)."""
    from simulators.peem.presets import preset

    made = preset("cu", dose=SCALE, drift=0.0)
    truth = made.stack((size, size), 0, energies=np.linspace(*RANGE, ENERGIES)).truth
    rng = np.random.default_rng(0)
    out = np.empty((ENERGIES, VARIANTS, size, size), np.uint16)
    light = truth.emission * truth.illumination
    for number, values in enumerate(truth.spectra.T):
        mean = SCALE * light * np.tensordot(values, truth.abundances, 1)
        out[number] = np.maximum(rng.normal(mean, np.sqrt(mean), (VARIANTS, size, size)), 0.0)
    return out


class Steady:
    """A value that hardly changes: a ``ValueBackend``."""

    def __init__(self, value: float, units: str) -> None:
        self._value, self.units = value, units

    def connect(self, timeout: float) -> None:
        """Do nothing: it is always there."""

    def time(self) -> float:
        """Return the time, s since 1970."""
        return time.time()

    def read(self) -> float:
        """Return the value now."""
        return self._value


def instrument(size: int = 512, **options: Any) -> dict[str, Any]:
    """Make the devices; further options as for the twin."""
    devices = make(shape=(64, 64), **options)
    camera = StackCamera(size, devices["energy"])
    devices["detector"] = StreamingDetector(camera, name="detector", slots=128)
    devices["monitor"] = BeamMonitor(Steady(100.0, "mA"), Steady(1.0, ""), name="monitor")
    return devices
