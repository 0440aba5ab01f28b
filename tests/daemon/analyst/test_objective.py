"""The objective: what it may hold, what it comes to, and how its errors propagate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.analyst.objective import Objective, known_references
from daemon.errors import PlanRejected

POSITIVE = st.floats(0.1, 1e4)


@given(a=POSITIVE, b=POSITIVE, c=POSITIVE)
def test_arithmetic_is_python_s_own(a: float, b: float, c: float) -> None:
    """For all points at once."""
    text = "-unmixing.weights[3] / (monitor_current + 2) ** 2 + sqrt(roi.peak.sum) * 3 - log10(monitor_current)"
    objective = Objective(text)
    assert objective.references == ("monitor_current", "roi.peak.sum", "unmixing.weights[3]")
    values = {
        "unmixing.weights[3]": np.array([a, 1.0]),
        "monitor_current": np.array([b, 1.0]),
        "roi.peak.sum": np.array([c, 4.0]),
    }
    wanted = [-a / (b + 2) ** 2 + math.sqrt(c) * 3 - math.log10(b), -1 / 9 + 6]
    np.testing.assert_allclose(objective.evaluate(values), wanted)


@given(a=POSITIVE, b=POSITIVE, da=st.floats(1e-3, 0.01), db=st.floats(1e-3, 0.01))
def test_errors_propagate_to_first_order(a: float, b: float, da: float, db: float) -> None:
    """(σ/f)² = (σ_a/a)² + (σ_b/b)² for a quotient."""
    values = {"a": np.array([a]), "b": np.array([b])}
    errors = Objective("a / b").errors(values, {"a": np.array([da * a]), "b": np.array([db * b])})
    assert errors is not None
    np.testing.assert_allclose(errors, a / b * np.hypot(da, db), rtol=1e-3)


def test_a_failed_measurement_gives_no_value() -> None:
    """NaN, a logarithm of zero and a division by zero all mean: failed."""
    values = {"a": np.array([np.nan, 0.0, 2.0])}
    assert np.isnan(Objective("a").evaluate(values)).tolist() == [True, False, False]
    assert np.isnan(Objective("log(a)").evaluate(values)).tolist() == [True, True, False]
    assert np.isnan(Objective("1 / a").evaluate(values)).tolist() == [True, True, False]


def test_without_uncertain_values_there_is_no_error() -> None:
    """Then the optimiser infers the noise."""
    assert Objective("a").errors({"a": np.ones(2)}, {"b": np.ones(2)}) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a +",
        "1 + 2",
        "'text'",
        "a if b else c",
        "[a]",
        "a[b]",
        "a[1.5]",
        "a.dump('/tmp/x')",
        "__import__('os')",
        "eval(a)",
        "sqrt(a, where=b)",
        "(lambda: a)()",
        "a < b",
        "{a}",
    ],
)
def test_anything_but_arithmetic_is_refused(expression: str) -> None:
    """In one line that begins with the field's name."""
    with pytest.raises(PlanRejected, match=r"^objective: ") as caught:
        Objective(expression)
    assert "\n" not in str(caught.value)


def test_huge_powers_end() -> None:
    """Whole numbers would be computed to the last digit."""
    assert np.isnan(Objective("a * 9 ** 9 ** 9 ** 9").evaluate({"a": np.ones(1)}))


def test_unknown_names_are_refused_with_what_is_known() -> None:
    """Readings, windows and components."""
    known = known_references({"detector_total"}, {"peak"}, 2)
    Objective("roi.peak.max + unmixing.weights[1] + detector_total").check(known)
    with pytest.raises(PlanRejected, match=r"unmixing\.weights\[2\] is not known.*roi\.peak\.mean"):
        Objective("unmixing.weights[2]").check(known)
    with pytest.raises(PlanRejected, match=r"known are: \(nothing\)"):
        Objective("a").check(set())
