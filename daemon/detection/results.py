"""Writes what was found: a table, a summary, overlays and the histogram, all of them or nothing."""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from daemon.detection.figures import draw_sizes, write_overlays
from daemon.detection.work import Outcome, rows
from daemon.errors import ScanError, disk_errors
from daemon.packages import beampilot_version

TABLE, SUMMARY, HISTOGRAM, OVERLAYS = "detections.csv", "summary.json", "sizes.png", "overlays"
COLUMNS = ("image", "x0_px", "y0_px", "x1_px", "y1_px", "x0_nm", "y0_nm", "x1_nm", "y1_nm", "class", "confidence")


def check_folder(folder: Path) -> Path:
    """Find out before the work whether results can go there.

    Raises:
        ScanError: The folder holds something that is not ours to replace, or cannot be written to.
    """
    folder = folder.expanduser().absolute()
    if folder.exists() and not (folder / SUMMARY).is_file() and (folder.is_file() or any(folder.iterdir())):
        raise ScanError(f"{folder} exists and holds something else: name another folder with --output")
    nearest = next(place for place in (folder.parent, *folder.parents) if place.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ScanError(f"cannot write to {nearest}: name another folder for the results with --output")
    return folder


def summary(outcome: Outcome) -> dict[str, Any]:
    """What was found, as JSON has it."""
    return {
        "source": str(outcome.path),
        "images": len(outcome.images),
        "area_nm2": round(outcome.area, 3),
        "clusters": len(outcome.labels),
        "sizes": [asdict(one) for one in outcome.sizes],
        "per_image": [
            {"image": one.scan.name, "nm_per_pixel": list(one.scan.nm_per_pixel), **one.found.counts()}
            for one in outcome.images
        ],
        "skipped": outcome.skipped,
        "notes": {one.scan.name: list(one.scan.notes) for one in outcome.images if one.scan.notes},
        "seconds": round(outcome.seconds, 3),
        "beampilot": beampilot_version(),
    }


def write_results(outcome: Outcome, folder: Path) -> None:
    """Write everything into a folder; what an earlier search left there is replaced.

    Raises:
        DiskFull: There is no room for it; nothing is changed.
        RecorderError: It cannot be written; nothing is changed.
    """
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    with disk_errors(folder):
        try:
            beside.mkdir(parents=True)
            with (beside / TABLE).open("w", newline="", encoding="utf-8") as opened:
                writer = csv.DictWriter(opened, list[str](COLUMNS))
                writer.writeheader()
                writer.writerows(rows(outcome))
            write_overlays(outcome.images, beside / OVERLAYS)
            draw_sizes(outcome.sizes).savefig(beside / HISTOGRAM)
            text = json.dumps(summary(outcome), indent=2, ensure_ascii=False) + "\n"
            (beside / SUMMARY).write_text(text, encoding="utf-8")
            if folder.exists():
                shutil.rmtree(folder)
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
