"""What each codec makes of a camera's frames: size, and how fast one thread packs and unpacks them.

Frames of 512 × 512 pixels of 16 bits, sixteen different ones of each kind: *noisy*, Poisson counts of mean 20 on an
offset of 100; *bright*, of mean 2000; *sparse*, of mean 0.05; and *photoemission*, the microscope's twin at its default
dose. Rates are of unpacked bytes, the median of the rounds; each round takes all codecs in turns. The last column is
the rate of frames to a disk that takes 1 GB/s: packing and writing go on at the same time, and the slower counts.

The default is the codec whose slowest kind is fastest there. Run `python -m benchmarks.codecs --write`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Report, results
from devices.codecs import CODECS, FrameCodec, decode
from simulators.peem.presets import preset
from simulators.peem.stack import simulate_stack

SHAPE, DIFFERENT, DISK = (512, 512), 16, 1000.0
Frames = list[NDArray[Any]]


def poisson(mean: float, offset: int) -> Frames:
    """Frames of counts."""
    rng = np.random.default_rng(0)
    return [(offset + rng.poisson(mean, SHAPE)).astype("<u2") for _ in range(DIFFERENT)]


def photoemission() -> Frames:
    """Frames of the twin, across the edge."""
    chosen = preset("cu", "default", 3)
    stack = simulate_stack(chosen.sample(SHAPE, 0), np.linspace(925.0, 960.0, DIFFERENT), chosen.conditions)
    return [frame.astype("<u2") for frame in stack.frames]


KINDS: dict[str, Callable[[], Frames]] = {
    "noisy": lambda: poisson(20.0, 100),
    "bright": lambda: poisson(2000.0, 100),
    "sparse": lambda: poisson(0.05, 0),
    "photoemission": photoemission,
}


def one_round(codec: FrameCodec, frames: Frames) -> tuple[float, float, float]:
    """Return the size relative to the frames', and the rates of packing and unpacking, MB/s."""
    encode, raw = codec.encoder(), sum(frame.nbytes for frame in frames)
    begin = time.perf_counter()
    packed = [encode(frame) for frame in frames]
    between = time.perf_counter()
    names = ["bytes", codec.library] if codec.library else ["bytes"]
    contents = [content if isinstance(content, bytes) else content.tobytes() for content in packed]
    unpacking = time.perf_counter()
    decoded = [decode(content, names, frames[0].dtype) for content in contents]
    end = time.perf_counter()
    for frame, pixels in zip(frames, decoded, strict=True):
        if not np.array_equal(frame.ravel(), pixels):
            raise SystemExit(f"{codec.name} lost something")
    return sum(map(len, contents)) / raw, raw / 1e6 / (between - begin), raw / 1e6 / (end - unpacking)


def measure(kind: str, rounds: int) -> list[tuple[object, ...]]:
    """Return the rows of one kind of frames."""
    frames = KINDS[kind]()
    found = {name: [one_round(codec, frames)] for name, codec in CODECS.items()}
    for _ in range(rounds):
        for name, codec in CODECS.items():
            found[name].append(one_round(codec, frames))
    rows = []
    for name, outcomes in found.items():
        size, packing, unpacking = (statistics.median(values) for values in zip(*outcomes[1:], strict=True))
        disk = min(packing, DISK / size)
        rates = ("–", "–") if name == "none" else (f"{packing:.0f}", f"{unpacking:.0f}")
        rows.append((kind, name, f"{size:.1%}", *rates, f"{disk:.0f}"))
    return rows


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description="Compare codecs on a camera's frames.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="keep the table for the documentation")
    chosen = parser.parse_args()
    report = Report()
    heads = ("frames", "codec", "size", "packing, MB/s", "unpacking, MB/s", "to a disk of 1 GB/s, MB/s")
    report.table(heads, [row for kind in KINDS for row in measure(kind, chosen.rounds)])
    report.finish(results(__file__) if chosen.write else None, rounds=chosen.rounds)


if __name__ == "__main__":
    main()
