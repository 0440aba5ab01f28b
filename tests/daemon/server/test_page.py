"""The dashboard's files: whole, packed, without a key, and with a policy that lets nothing in from elsewhere."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import plotly

from daemon.server.page import DASHBOARD, INDEX, PLOTLY, Assets

Serve = Callable[..., None]
URL = "http://test"
LINKS = re.compile(r'(?:src|href)="(/dashboard/[^"]+)"')
IMPORTS = re.compile(r'(?:from|import\()\s*"(\.[^"]+)"')

STATIC = re.compile(r'^import (?:[^"]*? from )?"(\.[^"]+)";', re.MULTILINE)


def test_the_page_and_all_its_files_are_served(serve: Serve) -> None:
    """Everything that the page names is there, and the page knows its own names only."""

    async def body(client: httpx.AsyncClient) -> None:
        page = await client.get(f"{URL}/")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.text == (DASHBOARD / INDEX).read_text(encoding="utf-8")
        links = LINKS.findall(page.text)
        assert len(links) > 5
        for name in Assets().names:
            answer = await client.get(f"{URL}/dashboard/{name}")
            assert answer.status_code == 200, name
            if name != PLOTLY:
                assert answer.content == (DASHBOARD / name).read_bytes()
        for link in links:
            assert (await client.get(URL + link)).status_code == 200, link

    serve(body, key=None)


def test_every_module_that_is_imported_is_there() -> None:
    """Without a build step nobody else would notice."""
    imported = set()
    for path in DASHBOARD.rglob("*.js"):
        for name in IMPORTS.findall(path.read_text(encoding="utf-8")):
            target = (path.parent / name).resolve()
            assert target.is_file(), f"{path}: {name}"
            imported.add(target)
    left = {path for path in DASHBOARD.rglob("*.js") if path.resolve() not in imported}
    assert left == {DASHBOARD / "app" / "main.js"}


def test_what_the_page_begins_with_is_fetched_at_once() -> None:
    """The page names every module that it needs before a view is chosen: they need not wait for one another."""
    needed: list[Path] = []
    waiting = [DASHBOARD / "app" / "main.js"]
    while waiting:
        path = waiting.pop().resolve()
        if path not in needed:
            needed.append(path)
            waiting += [path.parent / name for name in STATIC.findall(path.read_text(encoding="utf-8"))]
    page = (DASHBOARD / INDEX).read_text(encoding="utf-8")
    named = {DASHBOARD / name for name in re.findall(r'<link rel="modulepreload" href="/dashboard/([^"]+)">', page)}
    assert named == set(needed[1:])


def test_the_policy_lets_nothing_in_from_elsewhere(serve: Serve) -> None:
    """No foreign origin, no inline script; and no page of others may show ours."""

    async def body(client: httpx.AsyncClient) -> None:
        for path in ("/", "/dashboard/app/main.js"):
            answer = await client.get(URL + path)
            rules = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
            assert rules["default-src"] == "'none'"
            assert rules["script-src"] == "'self'"
            assert rules["connect-src"] == "'self'"
            assert rules["frame-ancestors"] == "'none'"
            assert "'unsafe-inline'" not in rules["style-src-elem"]
            assert "//" not in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"

    serve(body, key=None)


def test_files_are_packed_and_fetched_once(serve: Serve) -> None:
    """By gzip where the browser takes it; with an ETag, so that nothing is sent twice and nothing is old."""

    async def body(client: httpx.AsyncClient) -> None:
        packed = await client.get(f"{URL}/dashboard/{PLOTLY}")
        assert packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) < 2_000_000
        assert packed.content == (Path(plotly.__file__).parent / "package_data" / PLOTLY).read_bytes()
        plain = await client.get(f"{URL}/", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        again = await client.get(f"{URL}/", headers={"If-None-Match": plain.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert plain.headers["cache-control"] == "no-cache"
        assert (await client.head(f"{URL}/")).status_code == 200

    serve(body, key=None)


def test_nothing_else_is_served(serve: Serve) -> None:
    """No way out of the folder, no other kinds of files, no other methods."""

    async def body(client: httpx.AsyncClient) -> None:
        for path in ("../settings.py", "%2e%2e/settings.py", "..%2f..%2fpyproject.toml", "app", "", "app/none.js"):
            answer = await client.get(f"{URL}/dashboard/{path}")
            assert answer.status_code == 404, path
        assert (await client.post(f"{URL}/")).status_code == 405
        assert (await client.get(f"{URL}/anything")).status_code == 404

    serve(body, key=None)


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    """A daemon that goes on while it is updated does not serve a mixture."""
    file = tmp_path / "a.js"
    file.write_text("1")
    assets = Assets(tmp_path)
    first = assets.get("a.js")
    assert assets.get("a.js") is first
    file.write_text("22")
    second: Any = assets.get("a.js")
    assert gzip.decompress(second.body) == b"22"
    assert second.tag != first.tag
