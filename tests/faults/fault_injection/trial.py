"""One campaign whose processes are killed several times, from its order to its verdict."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from fault_injection.instants import Ambush, Instant, Kind, draw
from fault_injection.judge import SAFE_WITHIN, Verdict, judge
from fault_injection.processes import Bench, TrialError, wait_for

COMPLETION = 180.0
"""How long a campaign may take after the last kill, s."""


@dataclass(frozen=True)
class Plan:
    """What is done to one campaign.

    Attributes:
        kills: victim (engine, server, analyst or supervisor) and kind of instant of each, in order.
        points: of the campaign.
        seed: of hardware and instants.
        overlap: whether the campaign computes suggestions while the instrument is busy.
        clock: of the hardware; while server or supervisor are away the scan goes on, and must last longer than their
            restart.
        durability: of the records; with "power" a frame write takes milliseconds, long enough to be met.
        safe_within: how long after an engine's death things may go on, s.
    """

    kills: Sequence[tuple[str, Kind]]
    points: int
    seed: int
    overlap: bool = True
    clock: str = "x20"
    durability: str = "process"
    safe_within: float = SAFE_WITHIN


@dataclass(frozen=True)
class Kill:
    """One process that was killed.

    Attributes:
        victim: which.
        time: when, s since 1970.
        instant: when it was meant to be.
        caught: whether what should have been going on was going on.
    """

    victim: str
    time: float
    instant: Instant
    caught: bool


@dataclass
class Trial:
    """A campaign and what was found.

    Attributes:
        plan: what was to be done to it.
        kills: what was done.
        verdict: what was found.
        seconds: how long all of it took.
        filled: the documents after back-fill.
        folder: where everything lies, if something was found or it was to be kept; else None.
    """

    plan: Plan
    kills: list[Kill] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    seconds: float = 0.0
    filled: list[Any] = field(default_factory=list, repr=False)
    folder: Path | None = None


def run_trial(plan: Plan, killed: Callable[[], object] = lambda: None, *, keep: bool = False) -> Trial:
    """Run a campaign, kill, and judge.

    Args:
        plan: what to do.
        killed: called after each kill.
        keep: whether its files are kept in any case.
    """
    trial, began = Trial(plan), time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    bench = None
    try:
        bench = Bench(folder, plan.seed, plan.durability, clock=plan.clock)
        filled = _campaign(bench, trial, killed)
        bench.end()
        deaths = [kill.time for kill in trial.kills if kill.victim == "engine"]
        logs = (bench.data, bench.heard_log, bench.hardware_log)
        found = judge(*logs, filled, plan.points, deaths, plan.safe_within)
        found.complaints += trial.verdict.complaints
        trial.verdict, trial.filled = found, filled
    except TrialError as error:
        trial.verdict.check("campaign", False, str(error))
    finally:
        if bench is not None:
            bench.close()
    trial.seconds = time.monotonic() - began
    if trial.verdict.complaints or keep:
        trial.folder = folder
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return trial


def _campaign(bench: Bench, trial: Trial, killed: Callable[[], object]) -> list[Any]:
    """Order a campaign, kill at its instants, wait for its end; returns its documents after back-fill."""
    plan, rng = trial.plan, Random(trial.plan.seed)  # noqa: S311 - nothing secret
    parameters = {"points": plan.points, "overlap": plan.overlap, "seed": plan.seed}
    ambush = Ambush(bench.hardware_log, bench.data, lambda: _goes_on(bench))
    item = bench.post("queue", {"plan": "autonomous_scan", "parameters": parameters})["uid"]
    bench.post("queue/start")
    instants = draw([kind for _, kind in plan.kills], plan.points, rng)
    for (victim, _), instant in zip(plan.kills, instants, strict=True):
        pid = bench.pids()[victim]
        try:
            found = ambush.wait(instant, lambda pid=pid: bench.kill(pid))
        except ProcessLookupError:  # on a machine that is too busy, the supervisor ended it before us
            found = (time.time(), False)
        if found is None:
            break
        when, caught = found
        trial.kills.append(Kill(victim, when, instant, caught))
        killed()
        _recovered(bench, victim, pid)
    wait_for(lambda: not _goes_on(bench), "the end of the campaign", COMPLETION, every=0.2)
    _judge_history(trial, bench, item)
    time.sleep(0.3)  # what is published is on its way to the subscriber
    return back_fill(bench)


def _goes_on(bench: Bench) -> bool:
    """Whether the campaign goes on, as far as anybody knows."""
    facts = bench.status()
    return facts is None or facts["item"] is not None or facts["queue_running"]


def _recovered(bench: Bench, victim: str, pid: int) -> None:
    """Wait until a process that was killed has a successor, and the scan goes on."""
    if victim == "supervisor":
        time.sleep(0.2)
        bench.serve()
        return

    def back() -> bool:
        facts = bench.status()
        if facts is None or facts["processes"][victim].get("pid") in (None, pid):
            return False
        return facts["engine_state"] == "running" or not _goes_on(bench)

    wait_for(back, f"a new {victim}", COMPLETION, every=0.1)


def _judge_history(trial: Trial, bench: Bench, item: str) -> None:
    """The history says how the campaign ended, and of every engine that died under it."""
    entries = [one for one in wait_for(lambda: bench.get("history"), "the history")["entries"] if one["uid"] == item]
    check = partial(trial.verdict.check, "campaign")
    check(bool(entries), "the campaign is not in the history")
    if not entries:
        return
    status, reason = entries[0]["exit_status"], entries[0]["reason"]
    check(status == "success", f"the history says {status}: {reason}")
    killed = sum(kill.victim == "engine" for kill in trial.kills)
    deaths = reason.count("died")
    check(deaths >= killed, f"the history tells of {deaths} of {killed} deaths: {reason!r}")


def back_fill(bench: Bench) -> list[Any]:
    """All documents as the daemon gives them to somebody who saw none: (number, name, document)."""
    found: list[Any] = []
    after: dict[str, object] = {}
    while (page := bench.get("documents", limit=500, **after)) is not None:
        for number, name, document in page["documents"]:
            epoch, _, sequence = number.partition(":")
            found.append(((int(epoch), int(sequence)), name, document))
        if not page["documents"]:
            return found
        after = {"after": page["next"]}
    from daemon.runs.numbered import documents_after

    return [(one.number, one.name, one.document) for one in documents_after(bench.data, None, 1_000_000)]
