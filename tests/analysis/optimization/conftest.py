"""What the optimisation tests share: every surrogate, and small spaces to search."""

from __future__ import annotations

import importlib.util

import pytest

from analysis.optimization import SURROGATES, SearchSpace


@pytest.fixture(scope="session", params=sorted(SURROGATES))
def surrogate_name(request: pytest.FixtureRequest) -> str:
    """Name of each surrogate in turn."""
    name: str = request.param
    if importlib.util.find_spec(SURROGATES[name].split(":")[0]) is None:
        pytest.skip(f"the surrogate {name} is not part of this installation")
    return name


@pytest.fixture(scope="session")
def plane() -> SearchSpace:
    """A plane of 13 × 11 positions with two speeds and a forbidden corner."""
    return SearchSpace(
        bounds={"x": (-30.0, 30.0), "y": (0.0, 50.0)},
        grid={"x": 13, "y": 11},
        forbidden=[{"kind": "box", "limits": {"x": [20.0, 30.0], "y": [40.0, 50.0]}}],
        speeds={"x": 10.0, "y": 2.0},
        units={"x": "um", "y": "um"},
    )
