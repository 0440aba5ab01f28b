"""Every endpoint answers whatever it is sent, as its description says: a short version of the benchmark."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("schemathesis", reason="install the extra `test`")


def fuzzed(root: Path, runs: Path, results: Path, more: Sequence[str]) -> dict[str, str]:
    """Run the benchmark; its figures by name."""
    command = [sys.executable, "-m", "benchmarks.openapi_fuzz", "--runs", str(runs), "--results", str(results)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *more], cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.strip("| ").split(" | ") for line in results.read_text(encoding="utf-8").splitlines() if " | " in line]
    return {row[0]: row[1] for row in rows if len(row) == 2}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("paths", ["^/api/v1/", pytest.param("^/api/(?!v1/)", marks=pytest.mark.slow)])
def test_answers_are_as_they_are_described(
    project_root: Path, demo: dict[str, Any], tmp_path: Path, paths: str
) -> None:
    """All checks, the edges of every parameter, a few examples; no 5xx and nothing undocumented."""
    runs = Path(demo["run"]).parents[2]
    more = ("--examples", "2", "--phases", "examples", "coverage", "fuzzing", "--paths", paths)
    figures = fuzzed(project_root, runs, tmp_path / "results.md", more)
    tried, _, every = figures["operations tried, of all"].partition(" of ")
    assert 40 < int(tried) < int(every)
    assert int(figures["requests"]) > 500
    assert figures["failed checks"] == figures["answers 5xx, but for 503"] == "0"
    assert figures["requests that could not be made"] == "0"
