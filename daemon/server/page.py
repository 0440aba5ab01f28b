"""The dashboard's files: served from memory, packed, with a policy that lets nothing in from elsewhere."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard"
"""Where the files are."""
INDEX = "index.html"
PLOTLY = "plotly.min.js"
"""The one file that is not ours: it comes from the installed package `plotly`."""
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""What is served, by suffix."""
LOOKED = 2.0
"""A file that was looked at so recently is sent without another look, s: a cold page asks for a hundred at once."""
STYLES = re.compile(rb"""\.textContent=(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")""")
"""Texts that Plotly puts into elements, style sheets among them."""
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src-elem 'self' {styles}",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page may load and do: its own files, the API that served it, and the styles that Plotly adds."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent.

    Attributes:
        changed: when the file was written, ns since 1970.
        body: its content, packed by gzip.
        tag: its ETag.
    """

    changed: int
    body: bytes
    tag: str


class Assets:
    """The files of the dashboard; each is read and packed when it is asked for, and again when it has changed.

    Args:
        folder: where they are.
    """

    def __init__(self, folder: Path = DASHBOARD) -> None:
        self._paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.suffix in TYPES}
        if (plotly := _plotly()) is not None:
            self._paths[PLOTLY] = plotly
        self._known: dict[str, Asset] = {}
        self._looked: dict[str, float] = {}
        self._policy: tuple[int, str] = (0, "")

    @property
    def names(self) -> list[str]:
        """Every file, by its path below the folder."""
        return sorted(self._paths)

    def warm(self) -> None:
        """Read and pack everything, so that the first visitor need not wait for it."""
        for name in (INDEX, *self.names):
            with contextlib.suppress(KeyError, OSError):
                self.get(name)
        self.policy()

    def recent(self, name: str) -> tuple[Asset, str] | None:
        """A file that was looked at just now, and the policy; None where somebody has to look."""
        if not self._policy[1] or time.monotonic() > self._looked.get(name, float("-inf")) + LOOKED:
            return None
        return self._known[name], self._policy[1]

    def policy(self) -> str:
        """The content security policy, with hashes of the styles that Plotly adds; blocks when it is asked first."""
        path = self._paths.get(PLOTLY)
        changed = 0 if path is None else path.stat().st_mtime_ns
        if not self._policy[1] or self._policy[0] != changed:
            found = [b""] if path is None else [b"", *added_styles(path.read_bytes())]
            hashes = (base64.b64encode(hashlib.sha256(style).digest()).decode() for style in found)
            styles = " ".join(f"'sha256-{each}'" for each in hashes)
            self._policy = (changed, POLICY.format(styles=styles))
        return self._policy[1]

    def look(self, name: str) -> tuple[Asset, str]:
        """A file and the policy; blocks, and looks at all files of the page while it is there.

        Raises:
            KeyError: when there is none of that name.
            OSError: when it cannot be read.
        """
        found = self.get(name), self.policy()
        if name == INDEX:
            for other in self.names:
                if other in self._known:
                    with contextlib.suppress(OSError):
                        self.get(other)
        return found

    def get(self, name: str) -> Asset:
        """A file; blocks.

        Raises:
            KeyError: when there is none of that name.
            OSError: when it cannot be read.
        """
        path = self._paths[name]
        changed = path.stat().st_mtime_ns
        known = self._known.get(name)
        if known is None or known.changed != changed:
            body = gzip.compress(path.read_bytes(), 6, mtime=0)
            known = self._known[name] = Asset(changed, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        self._looked[name] = time.monotonic()
        return known


def add_page(app: FastAPI, folder: Path = DASHBOARD) -> None:
    """Serve the dashboard: the page at `/`, its other files below `/dashboard/`; none of them asks for a key."""
    assets, router = Assets(folder), APIRouter(include_in_schema=False)
    app.state.assets = assets

    @router.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        """The page itself."""
        return await _answer(assets, INDEX, request)

    @router.api_route("/dashboard/{name:path}", methods=["GET", "HEAD"])
    async def file(name: str, request: Request) -> Response:
        """A file of the page."""
        return await _answer(assets, name, request)

    app.include_router(router)


async def _answer(assets: Assets, name: str, request: Request) -> Response:
    try:
        asset, policy = assets.recent(name) or await asyncio.to_thread(assets.look, name)
    except (KeyError, OSError):
        raise HTTPException(404, "the dashboard has no such file") from None
    headers = {**HEADERS, "Content-Security-Policy": policy, "ETag": asset.tag}
    if asset.tag in request.headers.get("if-none-match", "").replace("W/", "").split(", "):
        return Response(status_code=304, headers=headers)
    body = asset.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        body = await asyncio.to_thread(gzip.decompress, body)
    return Response(body, headers=headers, media_type=TYPES[Path(name).suffix])


def added_styles(script: bytes) -> Iterator[bytes]:
    """The style sheets that a script adds to its page, beside empty ones to which it adds rules."""
    for single, double in STYLES.findall(script):
        text = re.sub(rb"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), single or double)
        if b"{" in text:
            yield text


def _plotly() -> Path | None:
    """Plotly's file for browsers, found without importing the package."""
    spec = find_spec("plotly")
    folders = [] if spec is None else spec.submodule_search_locations or []
    found = (Path(folder) / "package_data" / PLOTLY for folder in folders)
    return next((path for path in found if path.is_file()), None)
