"""Reports of runs, made in a process of their own: drawing takes memory that the server would keep."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from daemon.errors import ReportFailed
from daemon.recorder.layout import JOURNAL, METADATA

PATIENCE = 120.0
"""How long making a report may take, s."""
REPORT = "report.html"
_one_at_a_time = threading.Lock()


def written_report(run: Path) -> Path:
    """The report of a run: that of its folder if it is up to date, or a new one; blocks.

    Raises:
        ReportFailed: when it cannot be made.
    """
    report = run / REPORT
    with _one_at_a_time:
        if not _up_to_date(report, run):
            _make(run, report)
    return report


def _up_to_date(report: Path, run: Path) -> bool:
    try:
        made = report.stat().st_mtime_ns
        return all(made >= (run / name).stat().st_mtime_ns for name in (JOURNAL, METADATA))
    except OSError:
        return False


def _make(run: Path, report: Path) -> None:
    command = [sys.executable, "-P", "-c", CODE, "report", str(run), "--output", str(report)]
    environment = {**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as said:
        try:
            code = subprocess.run(  # noqa: S603 - our own command, with a run's folder
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=PATIENCE,
                env=environment,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise ReportFailed(f"the report of {run.name} took more than {PATIENCE:g} s") from None
        if code:
            said.seek(0)
            lines = said.read()[-4000:].decode(errors="replace").strip().splitlines()
            raise ReportFailed(
                f"the report of {run.name} cannot be made: {lines[-1] if lines else f'exit code {code}'}"
            )


CODE = "from daemon.cli import main; main()"
