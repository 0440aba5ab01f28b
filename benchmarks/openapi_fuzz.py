"""Does every endpoint answer whatever it is sent, and only as the OpenAPI says?

``schemathesis`` makes requests of the server's own ``/openapi.json``, right ones and wrong ones, with all of its
checks: no 5xx that is not documented, no undocumented status, header, type or field, wrong data rejected and right data
accepted, keys asked for everywhere, methods that are not there refused, and sequences of requests that follow from one
another. The server is a process of its own with a real store, the runs of a short demo and an administrator's key; the
engine is scripted, checks parameters as the real one does, and comes back at once when it is told to go or is killed.

Run ``python -m benchmarks.openapi_fuzz --help``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.report import Report, results
from benchmarks.scripted_engine import ScriptedEngine
from benchmarks.served import ROOT, free_ports

KEY = "the administrator's key of the fuzzer"
HEADER = ("--header", f"Authorization: ApiKey {KEY}")
CONFIGURATION = Path(__file__).with_name("openapi_fuzz.toml")
DOORS = ("^/api/v1/", "^/api/(?!v1/)")
"""Paths of the two doors."""
PHASES = ("examples", "coverage", "fuzzing", "stateful")
PATIENCE = 60.0
"""The longest that the server may take to begin, s."""


@contextmanager
def served(runs: Path) -> Iterator[str]:
    """A server over a data folder of its own, with an engine of its own; gives its address.

    Args:
        runs: a data folder whose runs it has.
    """
    with tempfile.TemporaryDirectory(prefix="beampilot-fuzz-") as folder:
        data = Path(folder)
        shutil.copytree(runs / "runs", data / "runs")
        (port,) = free_ports(1)
        command = [sys.executable, "-P", "-m", "daemon.server", "--data", str(data)]
        with ScriptedEngine(data), subprocess.Popen(command, env=_environment(port)) as server:
            address = f"http://127.0.0.1:{port}"
            try:
                _wait(address, server)
                yield address
            finally:
                server.terminate()


def _environment(port: int) -> dict[str, str]:
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "BEAMPILOT_API_KEY": KEY,
        "BEAMPILOT_SERVER__PORT": str(port),
        # The fuzzer tries every operation with a wrong key, and has to see it refused each time, not put off.
        "BEAMPILOT_SERVER__WRONG_KEYS": str(10**9),
    }


def _demo(data: Path) -> Path:
    command = [sys.executable, "-P", "-c", "from daemon.cli import main; main()", "demo", "--headless"]
    more = ["--points", "6", "--data", str(data)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run([*command, *more], check=True, env=environment, stdout=subprocess.DEVNULL)
    return data


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{address}/api/v1/healthz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def fuzz(address: str, paths: str, examples: int, seed: int, phases: Sequence[str]) -> dict[str, Any]:
    """Run schemathesis; gives its report.

    Args:
        address: of the server.
        paths: regular expression of the paths that are tried.
        examples: that are made for every operation.
        seed: of chance.
        phases: of schemathesis.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "report.json"
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
        command += [f"{address}/openapi.json", "--max-examples", str(examples), "--seed", str(seed)]
        command += ["--phases", ",".join(phases), "--include-path-regex", paths, "--generation-database", "none"]
        command += ["--report", "json", "--report-json-path", str(found), *HEADER]
        environment = {**os.environ, "NO_COLOR": "1"}
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        if not found.is_file():
            raise SystemExit(done.stderr or done.stdout)
        print(done.stdout[done.stdout.find("= ERRORS =" if "= ERRORS =" in done.stdout else "= FAILURES =") :])
        return json.loads(found.read_text(encoding="utf-8"))


def answers(address: str) -> dict[int, int]:
    """How often the server gave which status, as it counts them itself."""
    headers = {"Authorization": f"ApiKey {KEY}"}
    text = httpx.get(f"{address}/api/v1/metrics", headers=headers, trust_env=False).raise_for_status().text
    counted: Counter[int] = Counter()
    for status, number in re.findall(r'^beampilot_http_answers_total\{.*status="(\d+)"\} (\d+)', text, re.MULTILINE):
        counted[int(status)] += int(number)
    return dict(sorted(counted.items()))


def main(given: Sequence[str] | None = None) -> int:
    """Fuzz, and write what was found; 1 where a check failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.openapi_fuzz", description=main.__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="requests that are made for every operation")
    parser.add_argument("--seed", type=int, default=0, help="of chance")
    parser.add_argument("--runs", type=Path, help="a data folder whose runs the server has; else those of a short demo")
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=PHASES, help="of schemathesis")
    parser.add_argument("--paths", nargs="+", default=DOORS, help="regular expressions; each has a server of its own")
    parser.add_argument("--results", type=Path, default=results(__file__), help="where the figures are written")
    options = parser.parse_args(given)
    report = Report()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as executor:
        runs = options.runs or _demo(Path(folder))

        def try_paths(paths: str) -> tuple[dict[str, Any], dict[int, int]]:
            with served(runs) as address:
                return fuzz(address, paths, options.examples, options.seed, options.phases), answers(address)

        tried = list(executor.map(try_paths, options.paths))
    counted = sum((Counter(numbers) for _, numbers in tried), Counter())
    report.table(("figure", "value"), figures(options.examples, [found for found, _ in tried], counted))
    report.table(("status", "answers"), sorted(counted.items()))
    report.finish(options.results)
    return max(found["exit_code"] for found, _ in tried)


def figures(examples: int, found: Sequence[dict[str, Any]], counted: Mapping[int, int]) -> list[tuple[str, object]]:
    """What is to be said of a run, as rows."""
    tested = sum(each["operations"]["tested"] for each in found)
    cases = {name: sum(each["test_cases"][name] for each in found) for name in ("unique_failures", "errored")}
    broken = sum(number for status, number in counted.items() if status >= 500 and status != 503)
    return [
        ("examples per operation, at the most", examples),
        ("operations tried, of all", f"{tested} of {found[0]['operations']['total']}"),
        ("requests", sum(counted.values())),
        ("answers 5xx, but for 503", broken),
        ("failed checks", cases["unique_failures"]),
        ("requests that could not be made", cases["errored"]),
        ("schemathesis", f"{found[0]['schemathesis_version']}, seed {found[0]['seed']}, all checks"),
        ("duration, min", f"{max(each['running_time'] for each in found) / 60:.1f}"),
    ]


if __name__ == "__main__":
    sys.exit(main())
