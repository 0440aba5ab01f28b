"""What must be true of a campaign whose processes were killed; judged from outside, not by Beampilot's own checks."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr

from fault_injection.watching import Entry, Tail, read_journals
from simulators.served.camera import frames_of_log
from simulators.served.log import read_log

SAFE_WITHIN = 5.0
"""How long after an engine's death motors may move and light may fall on the sample, s."""
Journals = dict[Path, list[tuple[str, Entry, tuple[int, int] | None]]]
AXES = ("stage_x", "stage_y")
Kind = Literal["events", "documents", "campaign", "frames", "safety"]
"""What is judged."""


@dataclass
class Verdict:
    """What was found.

    Attributes:
        complaints: what should not be: what was judged (a `Kind`), and a line.
        acknowledged: events that the subscriber saw.
        events: events on record.
        frames: frames that were compared.
        documents: documents after back-fill.
        backfilled: of these, those that the subscriber did not see live.
        safe_after: how long after each engine's death all was safe, s.
    """

    complaints: list[tuple[Kind, str]] = field(default_factory=list)
    acknowledged: int = 0
    events: int = 0
    frames: int = 0
    documents: int = 0
    backfilled: int = 0
    safe_after: list[float] = field(default_factory=list)

    def check(self, kind: Kind, holds: bool, complaint: str) -> None:
        """Complain unless something holds."""
        if not holds:
            self.complaints.append((kind, complaint))

    def wrong(self, *kinds: Kind) -> int:
        """How many complaints there are of some kinds."""
        return sum(kind in kinds for kind, _ in self.complaints)


def judge(
    data: Path,
    heard_log: Path,
    hardware_log: Path,
    filled: Sequence[tuple[tuple[int, int], str, Entry]],
    points: int,
    deaths: Sequence[float],
    safe_within: float = SAFE_WITHIN,
) -> Verdict:
    """Judge one campaign.

    Args:
        data: its data folder, with no other campaign in it.
        heard_log: what the subscriber wrote.
        hardware_log: what the hardware wrote.
        filled: all documents as the daemon gives them to somebody who saw none: number, name, document.
        points: how many points were ordered.
        deaths: when an engine was killed, s since 1970.
        safe_within: how long it may take until all is safe, s.
    """
    verdict = Verdict()
    journals, heard, log = read_journals(data), list(Tail(heard_log).new()), read_log(hardware_log)
    judge_acknowledged(verdict, journals, heard)
    judge_documents(verdict, journals, heard, filled)
    judge_campaign(verdict, journals, points)
    judge_frames(verdict, journals, log)
    judge_arrays(verdict, journals)
    judge_safety(verdict, log, deaths, safe_within)
    return verdict


def judge_acknowledged(verdict: Verdict, journals: Journals, heard: Sequence[Sequence[Any]]) -> None:
    """Every event that anybody was told of is on record once, as it was told."""
    check = partial(verdict.check, "events")
    on_record = [(document["uid"], document) for _, name, document in _all(journals) if name == "event"]
    copies, known = Counter(uid for uid, _ in on_record), dict(on_record)
    verdict.events = len(on_record)
    for _, epoch, sequence, name, document in heard:
        if name != "event":
            continue
        verdict.acknowledged += 1
        uid = document["uid"]
        verdict.check(
            "events",
            copies[uid] == 1,
            f"event {epoch}:{sequence} was acknowledged and is on record {copies[uid]} times",
        )
        verdict.check(
            "events", _same(known.get(uid), document), f"event {epoch}:{sequence} is on record with other data"
        )
    check(all(count == 1 for count in copies.values()), "an event is on record more than once")


def judge_documents(
    verdict: Verdict, journals: Journals, heard: Sequence[Sequence[Any]], filled: Sequence[tuple[Any, str, Entry]]
) -> None:
    """After back-fill the documents are complete, in order, and once."""
    check = partial(verdict.check, "documents")
    numbers = [tuple(number) for number, _, _ in filled]
    uids = [document["uid"] for _, _, document in filled]
    verdict.documents = len(filled)
    check(numbers == sorted(set(numbers)), "the documents are not in the order of their numbers")
    check(len(set(uids)) == len(uids), f"{len(uids) - len(set(uids))} documents come twice")
    recorded = {document["uid"] for _, _, document in _all(journals)}
    verdict.check(
        "documents", set(uids) == recorded, f"back-fill and record differ by {len(set(uids) ^ recorded)} documents"
    )
    for epoch in {number[0] for number in numbers}:
        sequences = [number[1] for number in numbers if number[0] == epoch]
        verdict.check(
            "documents", sequences == list(range(1, len(sequences) + 1)), f"documents of the engine {epoch} are missing"
        )
    by_number = {tuple(number): (name, document) for number, name, document in filled}
    live = [(epoch, sequence) for _, epoch, sequence, _, _ in heard]
    check(len(set(live)) == len(live), "a document was published twice")
    verdict.backfilled = len(set(numbers) - set(live))
    for _, epoch, sequence, name, document in heard:
        found = by_number.get((epoch, sequence))
        same = found is not None and found[0] == name and _same(found[1], _finite(document))
        check(same, f"the live document {epoch}:{sequence} ({name}) is not what back-fill gives")
    for run, documents in journals.items():
        _judge_run(verdict, run.name, [(name, document) for name, document, _ in documents])


def _judge_run(verdict: Verdict, run: str, documents: Sequence[tuple[str, Entry]]) -> None:
    """A run begins with a start, ends with a stop, and counts its events without a gap."""
    check = partial(verdict.check, "documents")
    names = [name for name, _ in documents]
    verdict.check(
        "documents",
        names[:1] == ["start"] and names.count("start") == 1,
        f"{run} does not begin with its start document",
    )
    verdict.check(
        "documents", names[-1:] == ["stop"] and names.count("stop") == 1, f"{run} does not end with its stop document"
    )
    counts: Counter[str] = Counter()
    described = set()
    for name, document in documents:
        if name == "descriptor":
            described.add(document["uid"])
        elif name == "event":
            stream = document["descriptor"]
            counts[stream] += 1
            check(stream in described, f"{run}: an event comes before its descriptor")
            verdict.check(
                "documents", document["seq_num"] == counts[stream], f"{run}: an event's number is not its place"
            )


def judge_campaign(verdict: Verdict, journals: Journals, points: int) -> None:
    """The runs are a chain of continuations, and have all points together."""
    check = partial(verdict.check, "campaign")
    total, before = 0, set[Path]()
    for run, documents in journals.items():
        start, earlier, total = documents[0][1], total, total + len(primary_events(documents))
        after = start.get("continues")
        known = after is not None and Path(after) in before
        # A campaign that has measured nothing yet is not continued but begun again.
        verdict.check(
            "campaign", known or not earlier, f"{run.name} continues {after}, which is none of the runs before it"
        )
        before.add(run)
    stop = list(journals.values())[-1][-1][1] if journals else {}
    check(stop.get("exit_status") == "success", f"the last run ended as {stop.get('exit_status')}")
    check(total == points, f"the campaign has {total} points on record instead of {points}")


def judge_frames(verdict: Verdict, journals: Journals, log: Sequence[Entry]) -> None:
    """Every frame on record equals the one made again from the seed, and no exposure is on record twice."""
    check = partial(verdict.check, "frames")
    exposures = [(entry["instrument"], frame) for entry, frame in frames_of_log(log)]
    times = np.array([time for time, _ in exposures])
    used: Counter[int] = Counter()
    for run, documents in journals.items():
        events = primary_events(documents)
        if not events:
            continue
        array = zarr.open_array(run / "primary" / "detector", mode="r")
        verdict.check(
            "frames", array.shape[0] == len(events), f"{run.name} has {array.shape[0]} frames for {len(events)} events"
        )
        frames = np.asarray(array[:])
        for index, event in enumerate(events[: len(frames)]):
            number = int(np.searchsorted(times, event["timestamps"]["detector_total"], side="right")) - 1
            used[number] += 1
            verdict.frames += 1
            same = number >= 0 and np.array_equal(frames[index, 0], exposures[number][1])
            check(same, f"{run.name}: frame {index} is not the one that was taken")
    check(all(count == 1 for count in used.values()), "an exposure is on record more than once")


def judge_arrays(verdict: Verdict, journals: Journals) -> None:
    """The arrays hold what the events say."""
    check = partial(verdict.check, "events")
    for run, documents in journals.items():
        events = primary_events(documents)
        for key in (*AXES, "detector_total") if events else ():
            said = np.array([event["data"][key] for event in events])
            array = np.asarray(zarr.open_array(run / "primary" / key, mode="r")[:])
            check(np.array_equal(said, array), f"{run.name}: the array {key} is not what the events say")


def judge_safety(verdict: Verdict, log: Sequence[Entry], deaths: Sequence[float], within: float) -> None:
    """Soon after an engine's death there is a moment at which nothing moves and no light falls."""
    check = partial(verdict.check, "safety")
    for death in deaths:
        safe = next((time for time, is_safe in _states(log) if time >= death and is_safe), None)
        safe = death if _safe_at(log, death) else safe
        late = float("inf") if safe is None else safe - death
        verdict.safe_after.append(late)
        check(late <= within, f"{late:.1f} s after an engine's death something moved, or light fell")


def primary_events(documents: Sequence[tuple[str, Entry, Any]]) -> list[Entry]:
    """The points of a run."""
    primary = {doc["uid"] for name, doc, _ in documents if name == "descriptor" and doc["name"] == "primary"}
    return [doc for name, doc, _ in documents if name == "event" and doc["descriptor"] in primary]


def _states(log: Sequence[Entry]) -> Iterator[tuple[float, bool]]:
    """When the hardware's state changed, and whether it was safe then."""
    moving, open_ = set[str](), False
    for entry in log:
        if entry["what"] == "motion":
            (moving.add if entry["state"] == "moving" else moving.discard)(entry["device"])
        elif entry["what"] == "shutter":
            open_ = entry["state"] == "open"
        else:
            continue
        yield entry["time"], not moving and not open_


def _safe_at(log: Sequence[Entry], time: float) -> bool:
    last = False
    for when, is_safe in _states(log):
        if when > time:
            break
        last = is_safe
    return last


def _all(journals: Journals) -> Iterator[tuple[Path, str, Entry]]:
    for run, documents in journals.items():
        for name, document, _ in documents:
            yield run, name, document


def _finite(value: Any) -> Any:  # noqa: ANN401 - JSON
    """As the daemon gives it over HTTP: what is not finite is null."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _same(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Whether two documents are equal; as JSON, because NaN differs from itself."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
