"""Names of what a chain of on-line steps tells of each point, known before the chain is made."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.stream_settings import StreamSettings

OF_A_MAP = ("mean", "max", "deviation", "coverage")
OF_ALL_MAPS = ("overlap", "mixing")
"""Statistics of maps, as `analysis.unmixing.statistics` has them; it is too heavy for the process that checks names."""


def stream_references(settings: StreamSettings) -> set[str]:
    """Everything of a chain that an objective may refer to."""
    return {name for step in settings.steps or () for name in _names(step)}


def _names(step: str | dict[str, object]) -> Iterator[str]:
    options = {"step": step} if isinstance(step, str) else step
    kind = str(options["step"])
    name = str(options.get("name", kind))
    if kind == "normalisation":
        yield f"{name}.factor"
    elif kind == "registration":
        yield from (f"{name}.displacement[{axis}]" for axis in (0, 1))
    elif kind == "regions":
        windows = options.get("windows")
        for window in windows if isinstance(windows, dict) else ():
            yield from (f"roi.{window}.{statistic}" for statistic in ("sum", "mean"))
    elif kind == "unmixing":
        components = options.get("n_components")
        yield f"{name}.change"
        yield from (f"{name}.{statistic}" for statistic in OF_ALL_MAPS)
        for component in range(components if isinstance(components, int) else 0):
            yield f"{name}.weights[{component}]"
            yield from (f"{name}.maps[{component}].{statistic}" for statistic in OF_A_MAP)
