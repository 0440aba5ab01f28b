"""English and Japanese: nothing is missing in either, nothing is left over, and the switch works."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from daemon.server.page import DASHBOARD

Open = Callable[..., Any]
Scan = Callable[..., str]
MESSAGE = re.compile(r'^  "([^"]+)": "((?:[^"\\]|\\.)*)",$', re.MULTILINE)
NAMES = re.compile(r"\{(\w+)\}")
USED = re.compile(r'\bt\("([^"]+)"|\bt\(/\*\* @type \{any\} \*/ \(`([^`]+)`\)|\bterm\("(\w+)"|\bt\(`([^`]+)`')
QUOTED = re.compile(r'"([a-z]+[.][a-z0-9._ -]+)"')


def messages(language: str) -> dict[str, str]:
    """The messages of a language, by their keys."""
    text = (DASHBOARD / "messages" / f"{language}.js").read_text(encoding="utf-8")
    found = MESSAGE.findall(text)
    assert len(found) == len(re.findall(r'^  "', text, re.MULTILINE))
    assert len(dict(found)) == len(found), "a key is there twice"
    return dict(found)


@pytest.fixture(scope="module")
def english() -> dict[str, str]:
    """The messages in English."""
    return messages("en")


def test_no_message_is_missing_in_japanese(english: dict[str, str]) -> None:
    """Both have the same keys, and the same values in braces; what is Japanese is written so."""
    japanese = messages("ja")
    assert sorted(japanese) == sorted(english)
    for key, text in english.items():
        assert sorted(NAMES.findall(japanese[key])) == sorted(NAMES.findall(text)), key
        if re.search(r"[a-z]{4}", NAMES.sub("", text)) and key not in SAME:
            assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", japanese[key]), f"{key}: {japanese[key]}"


SAME = {"menu.version", "colours.viridis", "colours.cividis"}
"""Names that are the same in every language."""


def test_every_message_that_is_used_is_there_and_no_other(english: dict[str, str]) -> None:
    """Keys that are put together are found by their beginnings."""
    exact, begun = set(), set()
    for path in DASHBOARD.rglob("*.js"):
        if path.parent.name == "messages":
            continue
        text = path.read_text(encoding="utf-8")
        exact |= {key for key in QUOTED.findall(text) if key in english}
        for one, put, kind, other in USED.findall(text):
            if one:
                assert one in english, f"{path.name}: {one}"
            if template := put or other:
                begun.add(template.split("${")[0])
            if kind:
                begun.add(f"{kind}.")
    for beginning in begun:
        assert any(key.startswith(beginning) for key in english), beginning
    left = [key for key in english if key not in exact and not key.startswith(tuple(begun))]
    assert left == []


def test_the_page_speaks_japanese(tab: Open, scan: Scan) -> None:
    """As the browser asks for it, or by the switch; every view, on a desk and on a phone."""
    scan(points=200, least=4, improvement_fraction=None)
    watched = tab(language="ja-JP")
    page = watched.go("/")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.locator(".hero .pill")).to_have_text("実行中")
    watched.shoot("now-japanese")
    phone = tab(language="ja-JP", phone=True)
    for view in ("now", "map", "frame", "queue?new=", "chemistry", "progress", "history", "health"):
        phone.go(f"/#/{view}")
        phone.check_width()
    page.locator("summary").first.click()
    page.get_by_role("button", name="English").click()
    expect(page.locator(".hero .pill")).to_have_text("Running")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
