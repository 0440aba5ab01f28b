"""Training the detector on labelled images."""

from __future__ import annotations

from analysis.detection.training.augmentation import Augmentation
from analysis.detection.training.finish import finish
from analysis.detection.training.recipe import Recipe, few_images, many_images
from analysis.detection.training.samples import Sample, make_samples
from analysis.detection.training.trainer import Trained, train

__all__ = [
    "Augmentation",
    "Recipe",
    "Sample",
    "Trained",
    "few_images",
    "finish",
    "make_samples",
    "many_images",
    "train",
]
