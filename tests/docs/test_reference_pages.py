"""Nothing is missing in the reference: every setting, parameter, command, option, column and benchmark has its row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.main import get_command

from daemon.cli.app import app
from daemon.plans.registry import PLANS
from daemon.settings import Settings

Generators = Mapping[str, Callable[[], str]]


def section(text: str, anchor: str) -> str:
    """What stands between one heading and the next of the same level."""
    found = re.search(rf"^(#+) [^\n]*\{{#{re.escape(anchor)}\}}\n(.*?)(?=^\1 |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading with the anchor {anchor}"
    return found[2]


def row(text: str, name: str) -> str:
    """The row of a table that begins with a name."""
    found = re.search(rf"^\| `{re.escape(name)}` \|.*$", text, re.MULTILINE)
    assert found, f"no row for {name}"
    return found[0]


def test_every_setting(generators: Generators) -> None:
    """Each field of each section stands in its section, with its description."""
    text = generators["settings"]()

    def check(model: type[BaseModel], path: tuple[str, ...]) -> None:
        own = section(text, "-".join(path) or "top")
        for name, field in model.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                check(kind, (*path, name))
            else:
                assert field.description
                assert field.description.split("`")[0] in row(own, name)

    check(Settings, ())


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_parameter_of_a_plan(generators: Generators, name: str) -> None:
    """Each parameter has a row that says what it takes."""
    own = section(generators["plans"](), name)
    for parameter in PLANS[name].model.model_fields:
        assert row(own, parameter).count(" | ") == 3, parameter


def test_types_and_bounds_in_words(generators: Generators) -> None:
    """What a field takes is said as the model has it."""
    text = generators["plans"]().replace("\N{NO-BREAK SPACE}", " ")
    assert "| whole number, ≥ 1 | `60` |" in row(text, "points")
    assert "| `sobol` or `random` | `sobol` |" in row(text, "design")
    assert "[Box](#box) or [Circle](#circle) or [Polygon](#polygon)" in row(text, "forbidden")
    assert "| number, > 0, < 1 | required |" in row(section(text, "located"), "probability")


def commands_in(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's group
    """Every command of a group, and those of the groups inside it, by their headings' anchors."""
    for name, command in group.commands.items():
        yield "-".join((*path, name)), command
        if hasattr(command, "commands"):
            yield from commands_in(command, (*path, name))


def test_every_command_and_option(generators: Generators) -> None:
    """Each command has a heading, and each option a row without the marks of the command line library."""
    text = generators["commands"]()
    found = dict(commands_in(get_command(app)))
    assert {"serve", "queue-add", "token-create"} <= set(found)
    for name, command in found.items():
        own = section(text, name)
        assert (command.help or "") in own
        for parameter in command.params:
            for flag in parameter.opts:
                # An argument stands there by the word that a reader sees, an option by its flag.
                shown = flag if flag[0] == "-" else parameter.metavar or flag.upper()
                assert re.search(rf"^\| `[^`]*{re.escape(shown.replace('|', chr(92) + '|'))}(?!\w)", own, re.M), (
                    name,
                    flag,
                )
        assert "<" not in own
        assert "{" not in re.sub(r"\{#[\w-]+\}", "", own)


def test_every_column_of_suggestions(generators: Generators, demo: dict[str, str]) -> None:
    """What a scan writes is what the page says."""
    from daemon.runs import Run

    text = generators["suggestion-columns"]().replace("<axis>", "stage_x")
    for key in Run(Path(demo["run"])).table("suggestions"):
        if key.startswith("agent_") and not key.endswith("stage_y"):
            row(text, key)


def test_every_data_key(generators: Generators, demo: dict[str, str]) -> None:
    """Everything that the default instrument records has a row."""
    from daemon.runs import Run

    run, text = Run(Path(demo["run"])), generators["data-keys"]()
    keys = {*run.table("primary"), *run.table("baseline"), "detector"} - {"seq_num", "time"}
    for key in keys:
        if not key.startswith("ts_"):
            row(text, key)


def test_every_benchmark(generators: Generators, project_root: Path) -> None:
    """Each module that can be run has a section, in which its command stands."""
    text, commands = generators["benchmarks"](), generators["benchmark-commands"]()
    runnable = [file for file in (project_root / "benchmarks").glob("*.py") if "__main__" in file.read_text("utf-8")]
    assert runnable
    for file in runnable:
        assert f"python -m benchmarks.{file.stem}\n" in section(text, file.stem)
        row(commands, f"python -m benchmarks.{file.stem}")


def test_every_generator_is_used(pages: dict[Path, str], generators: Generators, docs: Path) -> None:
    """No generated part is forgotten, and every page is in the navigation."""
    raw = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(re.findall(r"^<!-- generate: ([\w-]+) -->$", raw, re.MULTILINE)) == set(generators)
    navigation = (docs.parent / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    assert sorted(re.findall(r"[\w/-]+\.md", navigation)) == sorted(str(page.relative_to(docs)) for page in pages)
