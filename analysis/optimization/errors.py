"""All errors of this package.

OptimizationError
├── SearchSpaceError      the axes, the grid or the forbidden regions make no space (also a ValueError)
├── ConfigurationError    an unknown name or a number out of range for the optimiser (also a ValueError)
├── MeasurementError      a position or value that cannot be taken in (also a ValueError)
├── StateError            a saved state that cannot be restored (also a ValueError)
└── NotFittedError        a prediction was asked for before anything was measured (also a RuntimeError)
"""

from __future__ import annotations


class OptimizationError(Exception):
    """Anything this package refuses."""


class SearchSpaceError(OptimizationError, ValueError):
    """The axes, the grid or the forbidden regions make no usable space."""


class ConfigurationError(OptimizationError, ValueError):
    """The optimiser was given an unknown name or a number out of range."""


class MeasurementError(OptimizationError, ValueError):
    """A position names the wrong axes, or values do not match the points told."""


class StateError(OptimizationError, ValueError):
    """A saved state is damaged or was written by another version."""


class NotFittedError(OptimizationError, RuntimeError):
    """The model was asked for a prediction before a single value was told."""
