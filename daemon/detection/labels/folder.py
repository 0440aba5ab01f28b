"""What a labelled folder holds: images to train and to validate with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from daemon.detection.labels.coco import read_coco
from daemon.detection.labels.labelled import LabelledScan
from daemon.detection.labels.yolo import class_names, read_yolo
from daemon.detection.scan import Request
from daemon.errors import ScanError

TRAINING, VALIDATION = ("train", "training"), ("val", "valid", "validation")
"""Names of the folders of the two parts."""
EVERY = 4
"""Where a folder is not divided, every so many images serve for validation."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Labelled images.

    Attributes:
        training: To learn from.
        validation: To choose weights and thresholds with.
        classes: Names of the classes.
    """

    training: list[LabelledScan]
    validation: list[LabelledScan]
    classes: tuple[str, ...]


def read_labelled(path: Path, request: Request, classes: tuple[str, ...] | None = None) -> Folder:
    """Read a labelled folder, or a COCO file.

    Understood are: a COCO file; a folder with one, or with ``train.json`` and ``val.json``; YOLO's ``images`` and
    ``labels``, each with ``train`` and ``val`` or without; the same the other way round; and images with text files
    beside them.

    Args:
        path: The folder or the file.
        request: What a person says about the images.
        classes: Names of the classes, for YOLO's labels where no file tells them.

    Raises:
        ScanError: There are no labelled images, or something in them is wrong.
    """
    if path.is_file():
        return _divided(read_coco(path, request))
    if not path.is_dir():
        raise ScanError(f"there is no folder {path}")
    files = {file.stem: file for file in sorted(path.glob("*.json"))}
    parts = [next((files[name] for name in names if name in files), None) for names in (TRAINING, VALIDATION)]
    if parts[0] and parts[1]:
        return _together(read_coco(parts[0], request), read_coco(parts[1], request))
    if len(files) == 1:
        return _divided(read_coco(next(iter(files.values())), request))
    return _read_yolo(path, request, classes or class_names(path))


def _read_yolo(path: Path, request: Request, classes: tuple[str, ...] | None) -> Folder:
    """Read a folder of YOLO's.

    Raises:
        ScanError: Nobody names the classes, or there are no labels.
    """
    if classes is None:
        raise ScanError(f"{path} holds no classes.txt or data.yaml: name the classes with --classes, in their order")
    halves = [next((pair for name in names if (pair := _pair(path, name))), None) for names in (TRAINING, VALIDATION)]
    if halves[0] and halves[1]:
        return _together(*(read_yolo(*half, classes, request) for half in halves if half))
    images, labels = halves[0] or _pair(path, "") or (path, path)
    if not any(labels.glob("*.txt")):
        raise ScanError(f"{labels} holds no labels: YOLO's are text files, one for each image; COCO's a JSON file")
    return _divided(read_yolo(images, labels, classes, request))


def _pair(path: Path, part: str) -> tuple[Path, Path] | None:
    """Folders of the images and labels of a part, whichever way round they are nested."""
    for images, labels in (
        (path / "images" / part, path / "labels" / part),
        (path / part / "images", path / part / "labels"),
    ):
        if images.is_dir() and labels.is_dir():
            return images, labels
    return None


def _divided(found: list[LabelledScan]) -> Folder:
    """Divide images that nobody divided.

    Raises:
        ScanError: There are too few.
    """
    validation = found[EVERY - 1 :: EVERY]
    training = [one for place, one in enumerate(found) if place % EVERY != EVERY - 1]
    if not validation:
        raise ScanError(f"{len(found)} labelled images are too few: give at least {EVERY}")
    return _together(training, validation)


def _together(training: list[LabelledScan], validation: list[LabelledScan]) -> Folder:
    """Both parts.

    Raises:
        ScanError: One is empty, or they have other classes.
    """
    if not training or not validation:
        raise ScanError("images to train and images to validate with are needed: one of the parts is empty")
    classes = training[0].classes
    if any(one.classes != classes for one in validation):
        raise ScanError(f"training has the classes {', '.join(classes)}, validation has others")
    return Folder(training, validation, classes)
