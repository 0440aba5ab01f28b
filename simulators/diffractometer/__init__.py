"""A micro-focus X-ray diffractometer looking at a Si-Ge film."""

from simulators.diffractometer.features import FEATURES, feature_pixels, feature_regions
from simulators.diffractometer.instrument import InstrumentOptions, instrument, scenario

__all__ = ["FEATURES", "InstrumentOptions", "feature_pixels", "feature_regions", "instrument", "scenario"]
