"""The modules themselves: typed to the strictest, of a size that can be read, and colours that are the known ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

from daemon.server.page import DASHBOARD

Open = Callable[..., Any]
MODULES = sorted(DASHBOARD.rglob("*.js"))
TSC = os.environ.get("BEAMPILOT_TSC") or shutil.which("tsc")
STRICT = {
    "checkJs": True,
    "allowJs": True,
    "strict": True,
    "noEmit": True,
    "target": "es2024",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2024", "dom", "dom.iterable"],
    "types": [],
}


@pytest.mark.skipif(TSC is None, reason="no tsc: `npm install typescript`, and name it by BEAMPILOT_TSC")
def test_the_types_are_right(tmp_path: Path) -> None:
    """TypeScript checks the comments' types as strictly as it can."""
    config = tmp_path / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": STRICT, "include": [f"{DASHBOARD}/**/*.js"]}))
    done = subprocess.run([str(TSC), "-p", str(config)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_module_is_checked_and_says_what_it_is_for() -> None:
    """And none is so long that nobody reads it; messages are."""
    assert len(MODULES) > 60
    for path in MODULES:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "// @ts-check", path
        assert lines[1].startswith("/** "), path
        if path.parent.name != "messages":
            assert len(lines) <= 230, path


def test_markup_is_never_made_of_text() -> None:
    """What somebody typed can be no markup where no function takes any."""
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "http://",
            "https://",
        ):
            found = [line for line in text.splitlines() if word in line and "www.w3.org/2000/svg" not in line]
            assert not found, f"{path}: {found}"


def test_the_colour_maps_are_the_known_ones(tab: Open) -> None:
    """Viridis and cividis as matplotlib has them, to two hundredths."""
    watched = tab()
    page = watched.go("/")
    script = "async (name) => Array.from((await import('/dashboard/base/colours.js')).table(name))"
    for name in ("viridis", "cividis"):
        packed = np.array(page.evaluate(script, name), dtype=np.uint32)
        ours = np.stack([(packed >> shift) & 255 for shift in (0, 8, 16)], axis=1).astype(int)
        theirs = np.round(255 * matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3]).astype(int)
        assert np.abs(ours - theirs).max() <= 5, name


def test_numbers_are_written_as_everywhere(tab: Open) -> None:
    """The same as in the terminal and in reports."""
    from daemon.wording import duration, number

    watched = tab()
    page = watched.go("/")
    script = "async ([what, value]) => (await import('/dashboard/base/format.js'))[what](value)"
    for value in (0.0, 1.0, -2.5, 1234.5678, 0.00123456, 6.02e23, -1e-9, 9_999_999.0):
        assert page.evaluate(script, ["number", value]) == number(value)
    for seconds in (75.0, 600.0, 7265.0):
        assert page.evaluate(script, ["duration", seconds]) == duration(seconds)
