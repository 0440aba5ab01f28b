"""Links lead somewhere, commands in the pages exist, and nothing is fetched from the network."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from daemon.cli.app import app

LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
Blocks = Callable[..., list[str]]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        named = re.search(r"\{#([\w-]+)\}$", heading)
        plain = re.sub(r"[^\w\s-]", "", heading).strip().lower()
        found.add(named[1] if named else re.sub(r"[-\s]+", "-", plain))
    return found


def test_links_inside_lead_somewhere(pages: dict[Path, str]) -> None:
    """Every relative link names a file, and every anchor a heading."""
    broken, checked = [], 0
    for page, text in pages.items():
        for target in LINK.findall(CODE.sub("", text)):
            if target.startswith("https://"):
                continue
            checked += 1
            file, _, anchor = target.partition("#")
            there = (page.parent / file).resolve() if file else page
            if not there.is_file() or (anchor and anchor not in anchors(pages.get(there, ""))):
                broken.append(f"{page.name}: {target}")
    assert not broken
    assert checked > 60


def test_links_outside_are_encrypted(pages: dict[Path, str]) -> None:
    """No page sends a reader over an open line, and no picture comes from elsewhere."""
    for page, text in pages.items():
        assert "http://" not in CODE.sub("", text), page.name
        assert not re.search(r"!\[[^\]]*\]\(https?:", text), page.name


def test_nothing_is_fetched_when_a_page_is_read(docs: Path) -> None:
    """Fonts, styles and scripts lie beside the pages."""
    settings = (docs.parent / "mkdocs.yml").read_text(encoding="utf-8")
    assert re.search(r"^  font: false$", settings, re.MULTILINE)
    assert "extra_javascript" not in settings
    assert "://" not in settings
    assert "url(" not in (docs / "style.css").read_text(encoding="utf-8")


def test_no_block_needs_a_script_from_the_network(pages: dict[Path, str]) -> None:
    """The theme would fetch the library for diagrams when such a page is opened."""
    assert not any("```mermaid" in text for text in pages.values())


def test_commands_in_the_pages_exist(blocks: Blocks) -> None:
    """Every `beampilot …` in a shell block names a command and options that it has."""
    group = get_command(app)
    seen = set()
    for line in "\n".join(blocks("bash")).splitlines():
        for part in re.split(r"&&|\|", line):
            words = shlex.split(part, comments=True)
            if words[:1] != ["beampilot"]:
                continue
            command, rest = group, words[1:]
            while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
                command, rest = command.commands[rest[0]], rest[1:]  # type: ignore[attr-defined] # a group
            known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
            assert {word for word in rest if word.startswith("-")} <= known, line
            seen.add(words[1])
    assert {"demo", "runs", "continue", "study", "replay", "doctor"} <= seen


def test_the_two_commands_of_the_readme_are_in_the_tutorial(blocks: Blocks, docs: Path) -> None:
    """A newcomer meets the same commands in both places."""
    readme = (docs.parent / "README.md").read_text(encoding="utf-8")
    tutorial = "".join(blocks("bash", "tutorial/first-scan.md"))
    for command in ("pip install . && beampilot demo", "pip install '.[test]' && pytest"):
        assert command in readme
        assert command in tutorial


@pytest.mark.parametrize("command", ["pytest -m slow\n", "mkdocs build --strict\n"])
def test_one_command_each_for_slow_tests_and_pages(blocks: Blocks, command: str) -> None:
    """They stand alone in a block, to be copied."""
    assert any(block.endswith(command) for block in blocks("bash"))
