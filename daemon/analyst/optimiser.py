"""Makes the optimiser that a campaign describes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from daemon.analyst.messages import Begin

if TYPE_CHECKING:
    from analysis.optimization import Optimizer, SearchSpace


def make_optimizer(begin: Begin) -> Optimizer:
    """A fresh `analysis.optimization.Optimizer` for a campaign that begins."""
    from analysis.optimization import Located, Optimizer, StoppingRules

    parameters = begin.parameters
    located = parameters.get("located")
    rules = StoppingRules(
        seconds=parameters.get("time_budget"),
        improvement_fraction=parameters.get("improvement_fraction"),
        located=None if located is None else Located(located["probability"], located["radius"]),
    )
    return Optimizer(
        make_space(begin),
        parameters["acquisition"],
        parameters["initial_points"],
        parameters["seed"],
        surrogate=parameters["surrogate"],
        design=parameters["design"],
        maximize=parameters["maximize"],
        stopping=rules,
    )


def make_space(begin: Begin) -> SearchSpace:
    """The `analysis.optimization.SearchSpace` of a campaign."""
    from analysis.optimization import SearchSpace

    axes = begin.parameters["axes"]
    grid = {name: axis["points"] for name, axis in axes.items() if axis["points"] is not None}
    return SearchSpace(
        bounds={name: (axis["low"], axis["high"]) for name, axis in axes.items()},
        grid=grid or None,
        forbidden=begin.parameters.get("forbidden", []),
        speeds=begin.speeds,
        units=begin.units,
    )


def restore_optimizer(state: dict[str, Any]) -> Optimizer:
    """The optimiser that a state was taken from, exactly."""
    from analysis.optimization import Optimizer

    return Optimizer.from_state(state)


def is_imported(surrogate: str | None) -> bool:
    """Whether the module of a surrogate is there already; some import torch, which takes seconds."""
    from analysis.optimization import SURROGATES

    return surrogate is None or SURROGATES[surrogate].partition(":")[0] in sys.modules
