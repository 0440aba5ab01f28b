"""The process that thinks: it analyses frames, evaluates the objective and runs the optimiser."""

from daemon.analyst.client import AnalystClient

__all__ = ["AnalystClient"]
