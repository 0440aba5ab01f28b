"""Labelled folders: images with YOLO's text files or a COCO file beside them."""

from daemon.detection.labels.coco import read_coco
from daemon.detection.labels.folder import Folder, read_labelled
from daemon.detection.labels.labelled import LabelledScan
from daemon.detection.labels.yolo import read_yolo

__all__ = ["Folder", "LabelledScan", "read_coco", "read_labelled", "read_yolo"]
