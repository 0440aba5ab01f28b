"""The recipe of the source document, frozen before our optimiser was tuned: what every improvement is measured against.

Ten uniform random points, then botorch's ``SingleTaskGP`` with its defaults, inputs scaled to [0, 1], outcomes
standardised, and analytic Expected Improvement over the unmeasured candidates.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from botorch.acquisition import AnalyticAcquisitionFunction, ExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Standardize
from gpytorch.mlls import ExactMarginalLogLikelihood
from numpy.typing import NDArray


class SourceRecipe:
    """Ask and tell over the indices of candidates.

    Args:
        unit: Candidates in the unit square, shape (m, 2).
        seed: Seed of the random points.
        initial_points: Random points before the model chooses.
        acquisition: Analytic acquisition function, built from the model and the best value.
    """

    def __init__(
        self,
        unit: NDArray[np.float64],
        seed: int,
        initial_points: int = 10,
        acquisition: type[AnalyticAcquisitionFunction] = ExpectedImprovement,
    ) -> None:
        self._unit = unit
        self._initial = np.random.default_rng([seed, 10]).choice(len(unit), size=initial_points, replace=False).tolist()
        self._acquisition = acquisition
        self._measured: list[int] = []
        self._values: list[float] = []

    def ask(self) -> int:
        """Index of the next candidate."""
        if len(self._measured) < len(self._initial):
            return self._initial[len(self._measured)]
        inputs = torch.tensor(self._unit[self._measured], dtype=torch.float64)
        outcomes = torch.tensor(self._values, dtype=torch.float64)[:, None]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SingleTaskGP(inputs, outcomes, outcome_transform=Standardize(m=1))
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
            acquisition = self._acquisition(model, best_f=outcomes.max())  # pyright: ignore[reportCallIssue]
            rest = np.setdiff1d(np.arange(len(self._unit)), self._measured)
            with torch.no_grad():
                scores = acquisition(torch.tensor(self._unit[rest], dtype=torch.float64)[:, None, :])
        return int(rest[int(scores.argmax())])

    def tell(self, index: int, value: float) -> None:
        """Take in a measured value."""
        self._measured.append(index)
        self._values.append(value)
