"""The generated parts of the reference, made from the code that they describe."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from reference_doors import access, operations, verbs
from reference_text import TITLES, is_model, model_section, models_in, option_text, rows, table

ROOT = Path(__file__).resolve().parents[1]


def settings() -> str:
    """Every section and field of the settings file."""
    from daemon.settings import ENV_PREFIX, Settings

    parts: list[str] = []

    def section(model: type[BaseModel], path: tuple[str, ...]) -> None:
        name = ".".join(path)
        parts.append(f"## `[{name}]` {{#{name.replace('.', '-')}}}\n" if path else "## Top of the file {#top}\n")
        parts.append(f"{model.__doc__}\n")
        sections = {key: f.annotation for key, f in model.model_fields.items() if is_model(f.annotation)}
        plain = [row for row in rows(model) if row[0].strip("`") not in sections]
        if plain:
            variable = "".join(f"{part}__" for part in path).upper()
            parts.append(table(TITLES, plain) + f"\n\nVariables: `{ENV_PREFIX}{variable}…`\n{{.variables}}\n")
        for key, inner in sections.items():
            section(inner, (*path, key))

    section(Settings, ())
    windows = {m for m in models_in(Settings) if f"(#{m.__name__.lower()})" in "".join(parts)}
    return "\n".join(parts + [model_section(m, 2) for m in sorted(windows, key=lambda m: m.__name__)])


def plans() -> str:
    """Every plan with its parameters, and the tables that these take."""
    from daemon.plans.registry import PLANS

    parts: list[str] = []
    inner: dict[str, type[BaseModel]] = {}
    for plan in PLANS.values():
        parts += [f"## `{plan.name}` {{#{plan.name}}}\n", plan.description + "\n"]
        parts.append(table(("parameter", "takes", "default", "what it is"), rows(plan.model)) + "\n")
        inner |= {model.__name__: model for model in models_in(plan.model) if model is not plan.model}
    parts.append("## Tables that parameters take {#tables}\n")
    return "\n".join(parts + [model_section(model, 3) for model in inner.values()])


def commands() -> str:
    """Every command with its arguments and options, as `--help` has them; groups of commands are followed by theirs."""
    from typer.main import get_command

    from daemon.cli.app import app

    group: Any = get_command(app)
    return "\n".join(part for name, command in group.commands.items() for part in _command((name,), command))


def _command(path: tuple[str, ...], command: Any) -> Iterator[str]:  # noqa: ANN401 - typer's command
    """The section of one command, and of those inside it."""
    import typer

    name = " ".join(path)
    context = typer.Context(command, info_name=f"beampilot {name}")
    pieces = [] if hasattr(command, "commands") else command.collect_usage_pieces(context)
    usage = re.sub(r"\{([A-Z]+)\}", r"\1", " ".join([context.info_name or "", *(pieces or ["[OPTIONS]"])]))
    records = [parameter.get_help_record(context) for parameter in command.params]
    yield f"{'#' * (len(path) + 1)} `beampilot {name}` {{#{'-'.join(path)}}}\n"
    yield f"{command.help}\n"
    yield f"```text\n{usage}\n```\n"
    cells = [(f"`{option_text(record[0])}`", option_text(record[1])) for record in records if record]
    if cells:
        yield table(("argument or option", "what it does"), cells) + "\n"
    for inner, nested in getattr(command, "commands", {}).items():
        yield from _command((*path, inner), nested)


def objective() -> str:
    """What an objective may refer to and call."""
    from daemon.analyst.objective import FUNCTIONS, STATISTICS
    from daemon.analyst.stream_names import OF_A_MAP, OF_ALL_MAPS

    named = [(f"`roi.<name>.{statistic}`", f"{statistic} over a window of the frame") for statistic in STATISTICS]
    values = [
        ("`<data key>`", "a number that a device gives with every point, such as `detector_total`"),
        *named,
        ("`unmixing.weights[k]`", "how much of component k (from 0) a frame holds; of a stack, at the point's energy"),
        *((f"`unmixing.maps[k].{name}`", f"of a stack: {name} of component k's map so far") for name in OF_A_MAP),
        *((f"`unmixing.{name}`", f"of a stack: {name} of all maps so far") for name in OF_ALL_MAPS),
        ("`<step>.<value>`", "what a step of the chain tells of each frame, such as `registration.displacement[0]`"),
    ]
    called = ", ".join(f"`{name}`" for name in FUNCTIONS)
    return f"{table(('value', 'what it is'), values)}\n\nFunctions: {called}."


def acquisitions() -> str:
    """The acquisition functions by name."""
    from analysis.optimization import ACQUISITIONS

    return table(("`acquisition`", "what it follows"), ((f"`{name}`", what) for name, what in ACQUISITIONS.items()))


def surrogates() -> str:
    """The surrogates by name, each with the first line of its description; no model is imported for it."""
    from analysis.optimization import SURROGATES

    found = []
    for name, place in SURROGATES.items():
        module, _, attribute = place.partition(":")
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            raise ImportError(module)
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == attribute)
        found.append((f"`{name}`", (ast.get_docstring(node) or "").partition("\n\n")[0]))
    return table(("`surrogate`", "what it is"), found)


def scenarios() -> str:
    """The scenarios that a study can name."""
    from daemon.study import load_scenario, scenario_names

    found = [(f"`{name}`", (type(load_scenario(name)).__doc__ or "").partition("\n\n")[0]) for name in scenario_names()]
    return table(("`--scenario`", "what it is"), found)


def instrument_options() -> str:
    """The options of the factories that come with Beampilot."""
    from simulators.diffractometer.instrument import InstrumentOptions
    from simulators.recorded.instrument import RecordedOptions
    from simulators.stm.instrument import MicroscopeOptions

    parts, shown = [], set()
    for factory, model in (
        ("diffractometer", InstrumentOptions),
        ("recorded", RecordedOptions),
        ("stm", MicroscopeOptions),
    ):
        parts += [f"## `simulators.{factory}:instrument` {{#{factory}}}\n"]
        parts += [table(("option", "takes", "default", "what it is"), rows(model)) + "\n"]
        inner = {part.__name__: part for part in models_in(model) if part is not model and part.__name__ not in shown}
        parts += [model_section(part, 3) for part in inner.values()]
        shown |= set(inner)
    return "\n".join(parts)


def data_keys() -> str:
    """What the devices of the simulated diffractometer give, and when."""
    from devices import AreaDetector, Shutter, ZarrFrameWriter
    from simulators.diffractometer import instrument

    found = []
    for name, device in instrument().items():
        if isinstance(device, AreaDetector):
            device.writer = ZarrFrameWriter()  # without one it keeps no frames, and announces none
        often = "before and after, in `baseline`" if isinstance(device, Shutter) else "every point"
        keys = [(key, described, often) for key, described in device.describe().items()]
        keys += [(key, described, "once, in the descriptor") for key, described in _configuration(device)]
        found += [(f"`{key}`", f"`{name}`", d["dtype"], d.get("units", ""), when) for key, d, when in keys]
    return table(("data key", "device", "type", "unit", "recorded"), found)


def _configuration(device: Any) -> list[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - any ophyd device
    return list(device.describe_configuration().items())


def suggestion_columns() -> str:
    """The columns of the stream of suggestions."""
    from daemon.agent import Agent

    axis = "<axis>"
    agent = Agent(lambda _: None, {axis: "the axis'"}, True, _no_begin, str)
    found = []
    for key, described in agent.describe().items():
        found.append(
            (f"`{key}`", described["dtype"], described.get("units", ""), SUGGESTION[key.removeprefix("agent_")])
        )
    return table(("data key", "type", "unit", "what it is"), found)


def benchmarks() -> str:
    """One section per benchmark: its description, its command, and its results where they are kept."""
    parts = []
    for name, described in _benchmarks():
        title = name.replace("_", " ").capitalize()
        parts += [f"## {title} {{#{name}}}\n", described, f"\n```bash\npython -m benchmarks.{name}\n```\n"]
        if (ROOT / "benchmarks" / "results" / f"{name}.md").is_file():
            parts.append(f'--8<-- "benchmarks/results/{name}.md"\n')
    return "\n".join(parts)


def benchmark_commands() -> str:
    """The commands alone, one per benchmark."""
    commands = [(f"`python -m benchmarks.{name}`", text.partition("\n\n")[0]) for name, text in _benchmarks()]
    return table(("command", "what it answers"), commands)


def _benchmarks() -> Iterator[tuple[str, str]]:
    """Name and description of every module in `benchmarks/` that can be run; none is imported."""
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "__main__" in source:
            yield path.stem, (ast.get_docstring(ast.parse(source)) or "").replace("``", "`")


def _no_begin(_: str) -> Any:  # noqa: ANN401 - never called
    raise NotImplementedError


SUGGESTION: Mapping[str, str] = {
    "point": "number of the point, from 1: the event of the stream `primary` with this `seq_num`",
    "value": "the objective, as it was when the point was new",
    "error": "its standard deviation, where the measurement gives one",
    "best_value": "best value so far, all points scored anew",
    "best_<axis>": "where that is",
    "<axis>": "the suggested position of this point",
    "kind": "why: `initial design`, what the acquisition function follows, or `operator` where somebody asked for it",
    "mean": "what the model expected there",
    "deviation": "how unsure the model was",
    "acquisition": "value of the acquisition function; a logarithm for those computed in the logarithm",
    "travel_cost": "time that the axes need to get there",
    "milliseconds": "computing time of the suggestion",
    "next_<axis>": "the suggested position of the following point",
    "next_kind": "why it was chosen",
    "next_mean": "what the model expects there",
    "next_deviation": "how unsure it is",
    "next_acquisition": "value of the acquisition function there",
    "move_ms": "wall time from the first set-point until the axes had settled",
    "expose_ms": "wall time from the trigger until the detectors were done",
    "record_ms": "wall time from there until the event was in the journal",
    "analyse_ms": "wall time of the analysis of the frame",
    "tell_ms": "wall time of bringing the optimiser up to date",
    "waiting_ms": "wall time that the instrument stood still for the analyst",
    "instrument_time": "when the point was measured, on the instrument's clock",
    "stop": "why the scan ended, at its last point; empty before",
}
"""What the columns of the stream of suggestions mean; a column that is missing here fails the build."""

GENERATORS: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "plans": plans,
    "commands": commands,
    "objective": objective,
    "acquisitions": acquisitions,
    "surrogates": surrogates,
    "scenarios": scenarios,
    "instrument-options": instrument_options,
    "data-keys": data_keys,
    "suggestion-columns": suggestion_columns,
    "benchmarks": benchmarks,
    "benchmark-commands": benchmark_commands,
    "access": access,
    "operations": operations,
    "verbs": verbs,
}
"""What a page can ask for with a marker."""
