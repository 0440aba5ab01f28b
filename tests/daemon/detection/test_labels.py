"""Labelled folders of YOLO's and COCO's kind, however they are laid out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.detection.labels import Folder, read_labelled
from daemon.detection.scan import Request
from daemon.errors import ScanError

CLASSES = ("Pb1", "Pb2")
BOXES = [[8.0, 6.0, 20.0, 18.0], [40.0, 30.0, 52.0, 40.0]]
"""Corners, px, in images of 64 × 48."""
LABELS = [1, 0]


def image(file: Path, seed: int = 0) -> None:
    """Write an image."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, height=np.random.default_rng(seed).normal(size=(48, 64)), nm_per_pixel=0.2)


def yolo(file: Path, text: str | None = None) -> None:
    """Write labels of an image."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{label} {(x0 + x1) / 128} {(y0 + y1) / 96} {(x1 - x0) / 64} {(y1 - y0) / 48}"
        for label, (x0, y0, x1, y1) in zip(LABELS, BOXES, strict=True)
    ]
    file.write_text("\n".join(lines) + "\n" if text is None else text)


def coco(file: Path, names: list[str], **changes: Any) -> None:
    """Write a COCO file."""
    content = {
        "images": [{"id": 7 + n, "file_name": name, "width": 64, "height": 48} for n, name in enumerate(names)],
        # Numbers of categories need not begin at 0, nor be in order.
        "categories": [{"id": 30, "name": "Pb2"}, {"id": 4, "name": "Pb1"}],
        "annotations": [
            {
                "image_id": 7 + n,
                "category_id": (4, 30)[label],
                "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]],
            }
            for n in range(len(names))
            for label, box in zip(LABELS, BOXES, strict=True)
        ],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content | changes))


def lay_out(root: Path, layout: str) -> Path:
    """Write five labelled images in one of the layouts, and return what to read."""
    parts = {"train": range(4), "val": range(4, 5)}
    (root / "data.yaml").write_text("path: .\nnames:\n  0: Pb1\n  1: 'Pb2'\nnc: 2\n")
    for part, numbers in parts.items():
        for n in numbers:
            where = {
                "divided": (f"images/{part}", f"labels/{part}"),
                "nested": (f"{part}/images", f"{part}/labels"),
                "plain": ("images", "labels"),
                "beside": ("", ""),
            }.get(layout, ("images", None))
            image(root / where[0] / f"{n}.npz", n)
            if where[1] is not None:
                yolo(root / where[1] / f"{n}.txt")
    if layout == "coco":
        coco(root / "labels.json", [f"{n}.npz" for n in range(5)])
        return root / "labels.json"
    if layout == "two coco":
        for part, numbers in parts.items():
            coco(root / f"{part}.json", [f"{n}.npz" for n in numbers])
    return root


def check(folder: Folder) -> None:
    """All that was written is there."""
    assert folder.classes == CLASSES
    assert (len(folder.training), len(folder.validation)) == (4, 1)
    for one in (*folder.training, *folder.validation):
        assert one.boxes == pytest.approx(np.array(BOXES))
        assert one.labels.tolist() == LABELS
        assert one.nm_per_pixel == (0.2, 0.2)
    assert len({one.height[0, 0] for one in (*folder.training, *folder.validation)}) == 5


@pytest.mark.parametrize("layout", ["divided", "nested", "plain", "beside", "coco", "two coco"])
def test_every_layout_gives_the_same(tmp_path: Path, layout: str) -> None:
    """Boxes in pixels, classes in order, images divided."""
    check(read_labelled(lay_out(tmp_path, layout), Request()))


@pytest.mark.parametrize(
    "text", ["names: [Pb1, 'Pb2']\n", "names:\n- Pb1\n- Pb2\n", "nc: 2\nnames:\n  - Pb1\n  - Pb2\n"]
)
def test_names_of_classes(tmp_path: Path, text: str) -> None:
    """YOLO's description writes them in several ways; a person may, too."""
    lay_out(tmp_path, "divided")
    (tmp_path / "data.yaml").write_text(text)
    check(read_labelled(tmp_path, Request()))
    (tmp_path / "data.yaml").unlink()
    with pytest.raises(ScanError, match="--classes"):
        read_labelled(tmp_path, Request())
    check(read_labelled(tmp_path, Request(), CLASSES))
    (tmp_path / "classes.txt").write_text("Pb1\nPb2\n")
    check(read_labelled(tmp_path, Request()))


def test_an_image_without_labels_has_no_cluster(tmp_path: Path) -> None:
    """An empty file or none."""
    lay_out(tmp_path, "divided")
    (tmp_path / "labels" / "train" / "0.txt").unlink()
    yolo(tmp_path / "labels" / "train" / "1.txt", "\n")
    folder = read_labelled(tmp_path, Request())
    assert [len(one.labels) for one in folder.training] == [0, 0, 2, 2]
    assert folder.training[0].boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 0.5 0.5", "line 1"),
        ("Pb1 0.5 0.5 0.1 0.1", "line 1"),
        ("0.5 0.5 0.5 0.1 0.1", "line 1"),
        ("nan 0.5 0.5 0.1 0.1", "line 1"),
        ("2 0.5 0.5 0.1 0.1", "class 2"),
        ("-1 0.5 0.5 0.1 0.1", "class -1"),
        ("0 0.5 0.5 0 0.1", "empty"),
        ("0 0.5 nan 0.1 0.1", "empty"),
        ("0 1.2 0.5 0.1 0.1", "outside"),
        ("0 32 24 6 6", "outside"),
    ],
)
def test_wrong_labels_are_told(tmp_path: Path, text: str, said: str) -> None:
    """With the file and what is wrong."""
    lay_out(tmp_path, "divided")
    yolo(tmp_path / "labels" / "train" / "2.txt", text)
    with pytest.raises(ScanError, match=said) as caught:
        read_labelled(tmp_path, Request())
    assert "2." in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"images": [{"id": 7, "file_name": "none.npz"}]},
        {"images": [{"id": 7, "file_name": "../0.npz"}]},
        {"annotations": [{"image_id": 99, "category_id": 4, "bbox": [1, 1, 5, 5]}]},
        {"annotations": [{"image_id": 7, "category_id": 5, "bbox": [1, 1, 5, 5]}]},
        {"annotations": [{"image_id": 7, "category_id": 4, "bbox": [1, 1, 500, 5]}]},
        {"annotations": [{"image_id": 7, "category_id": 4}]},
        {"categories": None},
        {"images": 3},
    ],
)
def test_wrong_coco_files_are_told(tmp_path: Path, changes: dict[str, Any]) -> None:
    """In one line."""
    lay_out(tmp_path, "coco")
    coco(tmp_path / "labels.json", [f"{n}.npz" for n in range(5)], **changes)
    with pytest.raises(ScanError) as caught:
        read_labelled(tmp_path / "labels.json", Request())
    assert "\n" not in str(caught.value)


def test_what_is_no_labelled_folder(tmp_path: Path) -> None:
    """Missing, empty, without labels, or with too few images."""
    with pytest.raises(ScanError, match="no folder"):
        read_labelled(tmp_path / "none", Request(), CLASSES)
    with pytest.raises(ScanError, match="no labels"):
        read_labelled(tmp_path, Request(), CLASSES)
    image(tmp_path / "0.npz")
    yolo(tmp_path / "0.txt")
    with pytest.raises(ScanError, match="too few"):
        read_labelled(tmp_path, Request(), CLASSES)
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ScanError, match="COCO"):
        read_labelled(tmp_path, Request(), CLASSES)
