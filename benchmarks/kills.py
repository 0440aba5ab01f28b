"""What is lost when processes are killed: campaigns on hardware that goes on by itself, and judges from outside.

A campaign of 100 points with frames runs on the whole daemon (`beampilot serve`), whose devices are served by a
process of their own. Its engine, server, analyst or supervisor is killed (SIGKILL) four or eight times: at instants
uniform over the scan, while a frame is being written, or while a suggestion is being computed; of the last two only
those count where that was so, as the files and the hardware's log say afterwards. Campaigns go on by themselves.
What is judged:

* lost: every event that an independent subscriber (a bare ZMQ socket) was told of is on record once, with equal data;
* frames: every frame on record equals the one made again from the twin's seed, and no exposure is on record twice;
* documents: after back-fill over HTTP complete, in order of their numbers, once by uid, and equal to the live ones;
* completed: the runs form a chain of continuations with exactly the points ordered, and the history says so;
* safe after: from an engine's death until nothing moves and the shutter is closed, by the hardware's own log. It is
  mostly the time that Python takes to import what an engine needs, so it is long on a machine that has other work.

Run ``python -m benchmarks.kills --help``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from rich.progress import Progress

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "faults"))

from fault_injection.instants import Instant, Kind
from fault_injection.judge import Verdict
from fault_injection.trial import Kill, Plan, Trial, run_trial

from benchmarks.report import Report, results

CACHE = results(__file__).parent / "cache" / "kills.jsonl"
GROUPS: dict[str, tuple[str, Kind]] = {
    "engine": ("engine", "random"),
    "frame-writes": ("engine", "frame write"),
    "suggestions": ("engine", "suggestion"),
    "server": ("server", "random"),
    "analyst": ("analyst", "random"),
    "supervisor": ("supervisor", "random"),
}
SLOW = ("server", "supervisor")
COLUMNS = (
    "killed", "when", "kills", "campaigns", "completed", "events acknowledged", "lost or doubled", "frames compared",
    "wrong frames", "documents after back-fill", "of these missed live", "missing, doubled or out of order",
    "safe after, s (median, worst)",
)  # fmt: skip


def counted(trial: Trial) -> int:
    """Kills of a trial that count."""
    return sum(kill.caught for kill in trial.kills)


def run_all(wanted: dict[str, int], options: argparse.Namespace) -> dict[str, list[Trial]]:
    """Run campaigns until there are as many kills of each kind as wanted, or the time is up."""
    trials = {name: list(kept(name, options.points)) if options.resume else [] for name in wanted if wanted[name]}
    seeds, deadline = itertools.count(options.seed * 1000 + 1), time.monotonic() + 60.0 * options.minutes
    running: dict[Future[Trial], str] = {}
    with ThreadPoolExecutor(options.workers) as pool, Progress() as progress:
        bars = {name: progress.add_task(name, total=wanted[name]) for name in trials}

        def missing(name: str) -> int:
            under_way = sum(kills_of(name) for other in running.values() if other == name)
            return wanted[name] - sum(map(counted, trials[name])) - under_way

        while True:
            while len(running) < options.workers and time.monotonic() < deadline:
                # What is furthest behind comes first, so that a run that is cut short says something of everything.
                shares = {name: missing(name) / wanted[name] for name in trials if missing(name) > 0}
                if not shares:
                    break
                name = max(shares, key=lambda name: shares[name])
                victim, kind = GROUPS[name]
                plan = Plan(
                    [GROUPS[name]] * kills_of(name),
                    options.points,
                    next(seeds),
                    overlap=kind != "suggestion",
                    durability="power" if kind == "frame write" else "process",
                    clock="x5" if victim in SLOW else "x20",
                )
                running[pool.submit(run_trial, plan)] = name
            if not running:
                return trials
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                trial, name = future.result(), running.pop(future)
                trials[name].append(trial)
                progress.update(bars[name], completed=min(sum(map(counted, trials[name])), wanted[name]))
                for kind, complaint in trial.verdict.complaints[:10]:
                    where = f"{name}, seed {trial.plan.seed}, {trial.folder}"
                    progress.console.print(f"{where}: {kind}: {complaint}", soft_wrap=True)
                keep(trial)


def kills_of(name: str) -> int:
    """Kills per campaign: so many that it still goes on for a while between them."""
    return 4 if GROUPS[name][0] in SLOW else 8


def keep(trial: Trial) -> None:
    """Keep a trial's figures, for whoever wants to look closer."""
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with CACHE.open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(replace(trial, filled=[])), default=str) + "\n")


def kept(name: str, points: int) -> Iterator[Trial]:
    """The trials of a group that earlier runs of the benchmark kept."""
    for line in CACHE.read_text(encoding="utf-8").splitlines() if CACHE.exists() else ():
        found = json.loads(line)
        plan = Plan(**found["plan"])
        if tuple(plan.kills[0]) == GROUPS[name] and plan.points == points:
            kills = [Kill(**{**kill, "instant": Instant(**kill["instant"])}) for kill in found["kills"]]
            yield Trial(plan, kills, Verdict(**found["verdict"]), found["seconds"])


def rows(trials: dict[str, list[Trial]]) -> Iterator[list[object]]:
    """The table's rows."""
    for name, group in trials.items():
        if not group:
            continue
        verdicts = [trial.verdict for trial in group]
        whole = sum(not verdict.wrong("campaign") for verdict in verdicts)
        lost, frames, documents = (sum(v.wrong(kind) for v in verdicts) for kind in ("events", "frames", "documents"))
        safe = [seconds for verdict in verdicts for seconds in verdict.safe_after]
        cells: list[object] = [*GROUPS[name], sum(map(counted, group)), len(group), whole]
        cells += [sum(v.acknowledged for v in verdicts), lost, sum(v.frames for v in verdicts), frames]
        cells += [sum(v.documents for v in verdicts), sum(v.backfilled for v in verdicts), documents]
        cells += [f"{np.median(safe):.1f}, {max(safe):.1f}" if safe else ""]
        yield cells


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and write its table; fails where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, count in zip(GROUPS, (200, 20, 20, 50, 50, 50), strict=True):
        victim, kind = GROUPS[name]
        parser.add_argument(f"--{name}", type=int, default=count, help=f"kills of the {victim} ({kind})")
    parser.add_argument("--points", type=int, default=100, help="points of a campaign")
    parser.add_argument("--seed", type=int, default=0, help="of instants and hardware")
    parser.add_argument("--workers", type=int, default=2, help="campaigns at the same time")
    parser.add_argument("--resume", action="store_true", help="count campaigns of earlier runs, too")
    parser.add_argument("--minutes", type=float, default=600.0, help="begin no campaign after so long")
    options = parser.parse_args(argv)
    wanted = {name: getattr(options, name.replace("-", "_")) for name in GROUPS}
    report, began = Report(), time.monotonic()
    trials = run_all(wanted, options)
    report.table(COLUMNS, list(rows(trials)))
    report.finish(results(__file__), minutes=f"{(time.monotonic() - began) / 60:.0f}", seed=options.seed)
    return int(any(trial.verdict.complaints for group in trials.values() for trial in group))


if __name__ == "__main__":
    sys.exit(main())
