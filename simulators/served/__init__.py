"""The virtual diffractometer in a process of its own, which outlives whoever drives it, as real hardware does."""

from simulators.served.instrument import instrument

__all__ = ["instrument"]
