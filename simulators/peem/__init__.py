"""A photoemission microscope looking at oxide powders at the L3 edges of copper, manganese and titanium."""

from simulators.peem.instrument import MicroscopeOptions, instrument
from simulators.peem.presets import Preset, preset
from simulators.peem.scenario import scenario
from simulators.peem.stack import Stack, StackTruth, simulate_stack
from simulators.peem.standards import standards

__all__ = [
    "MicroscopeOptions",
    "Preset",
    "Stack",
    "StackTruth",
    "instrument",
    "preset",
    "scenario",
    "simulate_stack",
    "standards",
]
