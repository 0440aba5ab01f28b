"""MkDocs' hooks: generated tables take the place of their markers, and roles of docstrings become plain code."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

MARKER = re.compile(r"^<!-- generate: ([\w-]+) -->$", re.MULTILINE)
ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):<code>(?:~|&#126;)?")


def _generators() -> Mapping[str, Callable[[], str]]:
    """What makes the generated parts; it needs this folder and the packages' to be importable."""
    here = Path(__file__).resolve().parent
    sys.path[:0] = [str(folder) for folder in (here, here.parent) if str(folder) not in sys.path]
    from reference_pages import GENERATORS

    return GENERATORS


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace every `<!-- generate: NAME -->` by what `docs/reference_pages.py` makes of that name."""
    if not MARKER.search(markdown):
        return markdown
    generators = _generators()
    return MARKER.sub(lambda match: generators[match[1]](), markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Drop the names of reStructuredText roles, which docstrings use and Markdown does not know."""
    return ROLE.sub("<code>", html)
