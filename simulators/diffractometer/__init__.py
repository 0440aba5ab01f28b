"""A micro-focus X-ray diffractometer looking at a Si-Ge film."""

from simulators.diffractometer.instrument import InstrumentOptions, instrument, scenario

__all__ = ["InstrumentOptions", "instrument", "scenario"]
