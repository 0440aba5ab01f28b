"""Pictures of what was found: boxes laid over the images, and the histogram of sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from daemon.detection.statistics import SizeCount
from daemon.detection.work import Searched
from daemon.report.drawing import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

COLOURS = (SKY, GREEN, ORANGE, VERMILION, PURPLE, BLUE)
"""Of the classes, in their order; beyond the last they begin anew."""
LONGEST = 1200
"""Pixels along the longer side of an overlay."""


def draw_overlay(one: Searched) -> Figure:
    """Draw an image, flattened, with its boxes, their classes and confidences (percent)."""
    from analysis.detection.flattening import flatten

    image = one.scan.height
    seen = np.isfinite(image)
    flat = np.full(image.shape, np.nan)
    lines = seen.any(axis=1)
    flat[lines] = flatten(np.where(seen, image, np.nanmedian(image))[lines])
    low, high = np.nanpercentile(flat, [1.0, 99.5])
    rows, columns = image.shape
    nm_x, nm_y = one.scan.nm_per_pixel
    tall = rows * nm_y / (columns * nm_x)
    drawn = Figure(figsize=(8.0 / max(tall, 1.0), 8.0 * min(tall, 1.0)), dpi=LONGEST / 8.0)
    axes = drawn.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(flat, cmap="gray", vmin=low, vmax=high, extent=(0, columns, rows, 0), aspect=nm_y / nm_x)
    dark = {"boxstyle": "square,pad=0.15", "facecolor": "black", "edgecolor": "none", "alpha": 0.65}
    found = one.found
    for box, label, name, score in zip(found.boxes, found.labels, found.names, found.scores, strict=True):
        colour = COLOURS[label % len(COLOURS)]
        x, y, width, height = float(box[0]), float(box[1]), float(box[2] - box[0]), float(box[3] - box[1])
        axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=colour, linewidth=1.2))
        # Within the image also where the box touches its upper edge.
        side = "bottom" if y > 0.02 * rows else "top"
        axes.text(x, y, f"{name} {100 * score:.0f}", color="white", fontsize=6, va=side, clip_on=True, bbox=dark)
    axes.axis("off")
    return drawn


def draw_sizes(sizes: list[SizeCount]) -> Figure:
    """Draw how many clusters of each size there are, with the intervals."""
    drawn = Figure(figsize=(6.0, 3.6), dpi=150, layout="constrained")
    axes = drawn.subplots()
    counts = np.array([one.count for one in sizes], float)
    errors = np.array([[one.count - one.low, one.high - one.count] for one in sizes]).T
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(sizes))]
    axes.bar([one.name for one in sizes], counts, yerr=errors, color=colours, capsize=4)
    axes.set_ylabel("clusters (95 % interval)")
    axes.spines[["top", "right"]].set_visible(False)
    return drawn


def write_overlays(images: list[Searched], folder: Path) -> list[Path]:
    """Write an overlay for each image; names that several images share are numbered."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for number, one in enumerate(images):
        stem = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in one.scan.name)
        file = folder / f"{stem}.png"
        if file in written:
            file = folder / f"{stem}-{number}.png"
        draw_overlay(one).savefig(file)
        written.append(file)
    return written
