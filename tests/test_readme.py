"""The README's commands are the ones that CI and a newcomer run."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def reader(project_root: Path) -> ModuleType:
    """The script with which CI reads the README."""
    spec = importlib.util.spec_from_file_location("readme_command", project_root / ".ci" / "readme_command.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readme(project_root: Path) -> str:
    """The README's text."""
    return (project_root / "README.md").read_text(encoding="utf-8")


def test_exactly_two_setup_commands(reader: ModuleType, readme: str) -> None:
    """One command installs and runs the main job, one installs and runs the tests, and there is no third."""
    assert reader.commands(readme) == ["pip install . && beampilot demo", "pip install '.[test]' && pytest"]


def test_ci_takes_the_test_command_from_the_readme(project_root: Path) -> None:
    """The script prints the command as it stands there."""
    script = project_root / ".ci" / "readme_command.py"
    command = [sys.executable, script, project_root / "README.md", "pytest"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "pip install '.[test]' && pytest\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```bash\npytest -q\n```\n", ["pytest -q"]),
        ("~~~ sh\n$ pytest \\\n  -q\n# a comment\n~~~\n", ["pytest    -q"]),
        ("```python\npytest.main()\n```\n", []),
        ("````\n```\npytest\n```\n````\n", ["```", "pytest", "```"]),
        ("pytest\n", []),
    ],
)
def test_fenced_blocks(reader: ModuleType, text: str, expected: list[str]) -> None:
    """Only shell blocks count, with prompts, comments and line continuations removed."""
    assert reader.commands(text) == expected


@pytest.mark.parametrize("text", ["", "```\npytest\n```\n```\npytest -x\n```\n"])
def test_none_or_two_matches_are_refused(reader: ModuleType, text: str) -> None:
    """CI must not guess."""
    with pytest.raises(ValueError, match="expected one command"):
        reader.command_with(text, "pytest")


def test_every_command_named_in_the_readme_exists(readme: str) -> None:
    """The table of commands names no command that is missing, and misses none."""
    from daemon.cli.app import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    named = set(re.findall(r"^\| `beampilot (\w+)", readme, re.MULTILINE))
    assert known <= named <= known | {group.name for group in app.registered_groups}
