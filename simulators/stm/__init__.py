"""A scanning tunnelling microscope looking at Pb clusters on Si(111)-(7×7)."""

from simulators.stm.clusters import CLASSES
from simulators.stm.images import Image
from simulators.stm.instrument import MicroscopeOptions, instrument
from simulators.stm.presets import PRESETS, Preset, preset
from simulators.stm.scenario import scenario
from simulators.stm.survey import Survey

__all__ = [
    "CLASSES",
    "PRESETS",
    "Image",
    "MicroscopeOptions",
    "Preset",
    "Survey",
    "instrument",
    "preset",
    "scenario",
]
