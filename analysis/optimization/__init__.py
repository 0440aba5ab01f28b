"""Choosing where to measure next: search spaces, surrogate models, acquisition functions, stopping rules."""

from __future__ import annotations

from analysis.optimization.acquisition import NAMES as ACQUISITIONS
from analysis.optimization.errors import (
    ConfigurationError,
    MeasurementError,
    NotFittedError,
    OptimizationError,
    SearchSpaceError,
    StateError,
)
from analysis.optimization.optimizer import Optimizer
from analysis.optimization.regions import Box, Circle, Polygon, Region
from analysis.optimization.space import SearchSpace
from analysis.optimization.state import load_state, save_state
from analysis.optimization.steering import OPERATOR, propose, without
from analysis.optimization.stopping import Located, StoppingRules
from analysis.optimization.suggestion import Best, Reason, Suggestion
from analysis.optimization.surrogate import SURROGATES, Mixture, Surrogate

__all__ = [
    "ACQUISITIONS",
    "OPERATOR",
    "SURROGATES",
    "Best",
    "Box",
    "Circle",
    "ConfigurationError",
    "Located",
    "MeasurementError",
    "Mixture",
    "NotFittedError",
    "OptimizationError",
    "Optimizer",
    "Polygon",
    "Reason",
    "Region",
    "SearchSpace",
    "SearchSpaceError",
    "StateError",
    "StoppingRules",
    "Suggestion",
    "Surrogate",
    "load_state",
    "propose",
    "save_state",
    "without",
]
