"""The package's door: names, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import analysis.optimization as package
from analysis.optimization.errors import ConfigurationError, OptimizationError
from analysis.optimization.surrogate import make_surrogate


def test_all_names_are_there_and_sorted_once() -> None:
    """All names are there and sorted once."""
    assert len(set(package.__all__)) == len(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)


def test_errors_form_one_family() -> None:
    """Errors form one family."""
    errors = [getattr(package, name) for name in package.__all__ if name.endswith("Error")]
    assert len(errors) == 6
    assert all(issubclass(error, OptimizationError) for error in errors)


def test_importing_and_making_a_space_needs_no_torch(project_root: Path) -> None:
    """Importing and making a space needs no torch."""
    program = (
        "import sys; from analysis.optimization import SearchSpace, StoppingRules, Optimizer;"
        "SearchSpace(bounds={'x': (0, 1)}, grid={'x': 3});"
        "print(sorted({'torch', 'gpytorch', 'botorch', 'sklearn'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=project_root, capture_output=True, text=True, timeout=50, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_surrogates_and_options_are_refused() -> None:
    """Unknown surrogates and options are refused."""
    with pytest.raises(ConfigurationError, match="ensemble"):
        make_surrogate("forest", 2)
    with pytest.raises(ConfigurationError, match="trees"):
        make_surrogate("gp", 2, {"trees": 3})
