"""COCO's labels: one JSON file with images, categories and annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daemon.detection.labels.labelled import LabelledScan, labelled
from daemon.detection.readers import read_scans
from daemon.detection.scan import Request, Scan
from daemon.errors import ScanError


def read_coco(file: Path, request: Request) -> list[LabelledScan]:
    """Read the images that a COCO file names, with their boxes.

    An image's entry may tell ``nm_per_pixel``; images are looked for beside the file and in ``images``.

    Raises:
        ScanError: The file, an image or an annotation cannot be read.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        categories = sorted(content["categories"], key=lambda one: one["id"])
        order = {one["id"]: place for place, one in enumerate(categories)}
        classes = tuple(str(one["name"]) for one in categories)
        boxes: dict[Any, list[tuple[int, list[float]]]] = {one["id"]: [] for one in content["images"]}
        for number, one in enumerate(content["annotations"]):
            if one["image_id"] not in boxes or one["category_id"] not in order:
                raise ScanError(f"{file}: annotation {number} names an image or a category that there is not")
            x, y, width, height = (float(value) for value in one["bbox"])
            boxes[one["image_id"]].append((order[one["category_id"]], [x, y, x + width, y + height]))
        images = [(one["id"], str(one["file_name"]), one.get("nm_per_pixel")) for one in content["images"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScanError(f"{file} cannot be read as COCO: {type(error).__name__} {error}") from error
    found = []
    for key, name, pixel in images:
        scan = _scan(file.parent, name, Request(request.nm_per_pixel or pixel, request.channel))
        found.append(labelled(scan, [box for _, box in boxes[key]], [label for label, _ in boxes[key]], classes))
    return found


def _scan(folder: Path, name: str, request: Request) -> Scan:
    """The image of a name.

    Raises:
        ScanError: There is none, or the file holds several.
    """
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ScanError(f"{name}: images are named from the folder of their COCO file on, and lie in it")
    for file in (folder / name, folder / "images" / name):
        if file.is_file():
            scans = read_scans(file, request)
            if len(scans) != 1:
                raise ScanError(f"{file} holds {len(scans)} images; an entry of COCO names one")
            return scans[0]
    raise ScanError(f"there is no image {folder / name}")
