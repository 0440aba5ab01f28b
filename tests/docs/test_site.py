"""The site as it is built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FETCHED = re.compile(r'<(?:script|img|iframe|source)[^>]+src="(?:https?:)?//|<link[^>]+href="(?:https?:)?//')


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_site_builds_strictly_and_fetches_nothing(project_root: Path, tmp_path: Path) -> None:
    """No warning while building; no page loads anything from the network; no marker and no role is left."""
    pytest.importorskip("mkdocs", reason="install the extra `dev` to build the pages")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=project_root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert not FETCHED.search(html), page
        assert not re.search(r":(?:class|func|meth|data):<code>", html), page
        assert not re.search(r"^<!-- generate:", html, re.MULTILINE), page
        assert "--8&lt;--" not in html, page
