"""The pages as a reader gets them: generated parts and included files in their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

MARKER = re.compile(r"^<!-- generate: ([\w-]+) -->$", re.MULTILINE)
INCLUDE = re.compile(r'^--8<-- "([^"]+)"$', re.MULTILINE)
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def docs(project_root: Path) -> Path:
    """The folder of the pages."""
    return project_root / "docs"


@pytest.fixture(scope="session")
def generators(docs: Path) -> Iterator[Mapping[str, Callable[[], str]]]:
    """What makes the generated parts, by the name in a page's marker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(docs)
        from reference_pages import GENERATORS

        yield GENERATORS


@pytest.fixture(scope="session")
def pages(docs: Path, generators: Mapping[str, Callable[[], str]]) -> dict[Path, str]:
    """Every page by its path, complete."""

    def included(match: re.Match[str]) -> str:
        file = docs.parent / match[1]
        return file.read_text(encoding="utf-8").rstrip() if file.is_file() else ""

    found = {}
    for path in sorted(docs.rglob("*.md")):
        text = MARKER.sub(lambda match: generators[match[1]](), path.read_text(encoding="utf-8"))
        found[path] = INCLUDE.sub(included, text)
    return found


Blocks = Callable[[str, str], list[str]]


@pytest.fixture(scope="session")
def blocks(pages: dict[Path, str], docs: Path) -> Blocks:
    """Gives the fenced blocks of one language on a page, or on all pages where the page is empty."""

    def find(language: str, page: str = "") -> list[str]:
        texts = [pages[docs / page]] if page else list(pages.values())
        matches = [match for text in texts for match in FENCE.finditer(text)]
        chosen = [match for match in matches if match["info"].split()[:1] == [language]]
        return [re.sub(f"^{match['indent']}", "", match["body"], flags=re.MULTILINE) for match in chosen]

    return find
