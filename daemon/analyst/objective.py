"""The objective of a campaign: an expression over readings and analysis outputs.

The same expression is checked by the engine before a scan starts and evaluated by the analyst for all points at
once, because earlier points change their values when a decomposition is fitted again.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from simpleeval import SimpleEval

from daemon.errors import PlanRejected

Floats = NDArray[np.float64]

STATISTICS = ("sum", "mean", "max")
"""What can be asked of a region of interest."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "minimum": np.minimum,
    "maximum": np.maximum,
}
"""Functions that an expression may call."""


def _power(base: ArrayLike, exponent: ArrayLike) -> Floats:
    # Floating point on purpose: 9**9**9 on integers would never end.
    return np.power(np.asarray(base, float), np.asarray(exponent, float))


_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


class Objective:
    """An expression that has been read.

    Args:
        expression: for example "unmixing.weights[3] / monitor_current".

    Attributes:
        expression: as it was given.
        references: the values it needs, for example ("monitor_current", "unmixing.weights[3]").

    Raises:
        PlanRejected: when it cannot be read or holds something else than arithmetic on values.
    """

    def __init__(self, expression: str) -> None:
        self.expression = expression
        try:
            self._tree = ast.parse(expression.strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise PlanRejected(f"objective: cannot be read: {expression!r} ({getattr(error, 'msg', error)})") from error
        found: dict[str, str] = {}
        self._tree = _Collector(found).visit(self._tree)
        self._names = found
        self.references = tuple(sorted(set(found.values())))
        if not found:
            raise PlanRejected(f"objective: {expression!r} depends on no measured value")

    def check(self, known: Mapping[str, Any] | set[str]) -> None:
        """Refuses references that nothing delivers.

        Raises:
            PlanRejected: naming the unknown reference and everything that is known.
        """
        for reference in self.references:
            if reference not in known:
                raise PlanRejected(
                    f"objective: {reference} is not known; known are: {', '.join(sorted(known)) or '(nothing)'}"
                )

    def evaluate(self, values: Mapping[str, Floats]) -> Floats:
        """The objective of all points.

        Args:
            values: one array of shape (points,) per reference, NaN where a measurement failed.

        Returns:
            Shape (points,); NaN where a value it needs is NaN or the arithmetic fails (infinite values included).
        """
        names = {name: np.asarray(values[reference], float) for name, reference in self._names.items()}
        evaluator = SimpleEval(operators=_OPERATORS, functions=FUNCTIONS, names=names)
        with np.errstate(all="ignore"):
            result = np.asarray(evaluator.eval(self.expression, previously_parsed=self._tree), float)
        shape = np.broadcast_shapes(result.shape, *(array.shape for array in names.values()))
        return np.where(np.isfinite(result), result, np.nan) * np.ones(shape)

    def errors(self, values: Mapping[str, Floats], deviations: Mapping[str, Floats]) -> Floats | None:
        """Standard deviation of the objective by first-order propagation, σ² = Σ (∂f/∂v)² σ_v².

        Args:
            values: as for `evaluate`.
            deviations: standard deviations of those references that have one, shape (points,) each; references
                without one count as exact.

        Returns:
            Shape (points,); None where no reference has a deviation.
        """
        uncertain = [reference for reference in self.references if reference in deviations]
        if not uncertain:
            return None
        variance = np.zeros_like(self.evaluate(values))
        for reference in uncertain:
            step = np.maximum(deviations[reference], 1e-9 * np.abs(values[reference]) + 1e-300)
            up = self.evaluate({**values, reference: values[reference] + 0.5 * step})
            down = self.evaluate({**values, reference: values[reference] - 0.5 * step})
            variance += ((up - down) / step * deviations[reference]) ** 2
        return np.sqrt(variance)


class _Collector(ast.NodeTransformer):
    """Replaces every reference by a plain name and refuses everything that is not arithmetic.

    Args:
        found: filled with the reference of each name.
    """

    _ALLOWED = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Constant)

    def __init__(self, found: dict[str, str]) -> None:
        self._found = found

    def visit(self, node: ast.AST) -> Any:  # noqa: ANN401 - ast's own signature
        """Handles one node.

        Raises:
            PlanRejected: for anything that an objective may not contain.
        """
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            reference = _reference(node)
            name = f"v{len(self._found)}"
            self._found[name] = reference
            return ast.copy_location(ast.Name(id=name, ctx=ast.Load()), node)
        if isinstance(node, ast.Constant) and not isinstance(node.value, int | float):
            raise PlanRejected(f"objective: {node.value!r} is not a number")
        if not isinstance(node, self._ALLOWED):
            raise PlanRejected(f"objective: {ast.unparse(node)!r} is more than arithmetic on measured values")
        return self.generic_visit(node)

    def _call(self, node: ast.Call) -> ast.Call:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise PlanRejected(f"objective: {ast.unparse(node)!r}: only {', '.join(FUNCTIONS)} can be called")
        node.args = [self.visit(argument) for argument in node.args]
        return node


def _reference(node: ast.expr) -> str:
    """The text of a dotted name with an optional whole-number index."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_reference(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and type(node.slice.value) is int:
        return f"{_reference(node.value)}[{node.slice.value}]"
    raise PlanRejected(f"objective: {ast.unparse(node)!r} is not the name of a measured value")


def known_references(scalars: set[str], regions: set[str], components: int) -> set[str]:
    """Everything that an objective may refer to.

    Args:
        scalars: data keys of scalar readings.
        regions: names of the regions of interest.
        components: number of components of the unmixing; 0 where frames are not unmixed.
    """
    known = set(scalars)
    known |= {f"roi.{name}.{statistic}" for name in regions for statistic in STATISTICS}
    return known | {f"unmixing.weights[{index}]" for index in range(components)}
