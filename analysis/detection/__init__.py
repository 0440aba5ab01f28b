"""Finding, sizing and counting clusters in images of a scanning tunnelling microscope."""

from __future__ import annotations

from analysis.detection.detector import Detector
from analysis.detection.errors import (
    ConfigurationError,
    DetectionError,
    ImageError,
    LabelError,
    TrainingError,
    WeightsError,
)
from analysis.detection.metrics import Evaluation, evaluate
from analysis.detection.results import Detections, LabelledImage, Truth

__all__ = [
    "ConfigurationError",
    "DetectionError",
    "Detections",
    "Detector",
    "Evaluation",
    "ImageError",
    "LabelError",
    "LabelledImage",
    "TrainingError",
    "Truth",
    "WeightsError",
    "evaluate",
]
