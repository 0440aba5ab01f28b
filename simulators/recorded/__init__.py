"""Recorded maps as instruments: a stage and a detector that answer with what was measured."""

from simulators.recorded.instrument import RecordedOptions, instrument
from simulators.recorded.readers import load
from simulators.recorded.recorded_map import RecordedMap
from simulators.recorded.scenario import scenario

__all__ = ["RecordedMap", "RecordedOptions", "instrument", "load", "scenario"]
