"""All errors of this package.

DetectionError
├── ImageError            an image that cannot be searched: its shape, values or pixel size (also a ValueError)
├── LabelError            boxes or labels that do not fit their image or the classes (also a ValueError)
├── ConfigurationError    an unknown name or a number out of range (also a ValueError)
├── WeightsError          weights or a model card that are damaged or of another kind (also a ValueError)
└── TrainingError         a training that cannot start, go on or be taken up again (also a RuntimeError)
"""

from __future__ import annotations


class DetectionError(Exception):
    """Anything this package refuses."""


class ImageError(DetectionError, ValueError):
    """An image has no two axes, no finite or no varying values, or pixels that cannot show a cluster."""


class LabelError(DetectionError, ValueError):
    """Boxes lie outside their image, are empty, or name a class that there is not."""


class ConfigurationError(DetectionError, ValueError):
    """A loss, network or training was given an unknown name or a number out of range."""


class WeightsError(DetectionError, ValueError):
    """A file of weights is damaged, or belongs to another network or version."""


class TrainingError(DetectionError, RuntimeError):
    """A training has nothing to learn from, diverged, or its state belongs to another training."""
