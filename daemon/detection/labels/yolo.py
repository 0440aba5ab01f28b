"""YOLO's labels: a text file per image, a line per box: class, middle and size as parts of the image's sides."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from daemon.detection.labels.labelled import LabelledScan, labelled
from daemon.detection.readers import find_files, read_scans
from daemon.detection.scan import Request
from daemon.errors import ScanError

NAMES = ("classes.txt", "obj.names", "data.yaml", "data.yml")
"""Files that name the classes: one per line, or YOLO's own description of a data set."""


def read_yolo(images: Path, labels: Path, classes: tuple[str, ...], request: Request) -> list[LabelledScan]:
    """Read images with labels; an image without a file of labels has no cluster.

    Args:
        images: Folder of the images.
        labels: Folder of the labels.
        classes: Names of the classes.
        request: What a person says about the images.

    Raises:
        ScanError: An image or its labels cannot be read.
    """
    found = []
    for file in find_files(images):
        for scan in read_scans(file, request):
            text = labels / f"{file.stem}.txt"
            rows, columns = scan.height.shape
            numbers, boxes = parse(text, columns, rows) if text.is_file() else ([], [])
            found.append(labelled(scan, boxes, numbers, classes))
    return found


def parse(file: Path, columns: int, rows: int) -> tuple[list[int], list[list[float]]]:
    """Read classes and boxes, px, of an image.

    Raises:
        ScanError: A line is none of YOLO's.
    """
    numbers, boxes = [], []
    for place, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            number, x, y, width, height = (float(word) for word in line.split()[:5])
            whole = int(number) == number
        except (ValueError, OverflowError):
            whole, number, x, y, width, height = False, *[np.nan] * 5
        if not whole:
            raise ScanError(f"{file}, line {place}: {line.strip()[:60]!r} is not: class x y width height")
        numbers.append(int(number))
        boxes.append(
            [columns * (x - width / 2), rows * (y - height / 2), columns * (x + width / 2), rows * (y + height / 2)]
        )
    return numbers, boxes


def class_names(folder: Path) -> tuple[str, ...] | None:
    """Names of the classes, where a file in the folder tells them."""
    for name in NAMES:
        file = folder / name
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            found = _from_yaml(text) if name.startswith("data.") else tuple(text.split())
            if found:
                return found
    return None


def _from_yaml(text: str) -> tuple[str, ...]:
    """The entry ``names`` of a data set's description, as a list or with numbers; all else is left alone."""
    listed = re.search(r"^names:\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    if listed:
        return tuple(word.strip(" \t\r\n'\"") for word in listed[1].split(",") if word.strip())
    block = re.search(r"^names:\s*\r?\n((?:[ \t]+.*\r?\n?|-.*\r?\n?)+)", text, re.MULTILINE)
    lines = re.findall(r"^\s*(?:-|\d+:)\s*(.+?)\s*$", block[1], re.MULTILINE) if block else []
    return tuple(line.strip("'\"") for line in lines)
