"""What the analyst keeps of a campaign survives, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from daemon.analyst.messages import Suggested
from daemon.analyst.state import STATE_FILE, CampaignState, lineage, recorded_points
from daemon.recorder.journal import Journal


def _state() -> CampaignState:
    state = CampaignState({"asked": 2, "values": [0.1, None]}, told=2)
    state.remember(Suggested(1, {"x": 0.1}, "initial design", 0.0, 0.0, 0.0, 0.5, 1.0))
    state.remember(Suggested(2, {"x": 1 / 3}, "expected improvement", 1.0, 0.5, -1e-17, 0.5, 1.0))
    return state


def test_a_state_comes_back_exactly(tmp_path: Path) -> None:
    """All digits of all numbers."""
    state = _state()
    state.save(tmp_path)
    again = CampaignState.load(tmp_path)
    assert again is not None
    assert (again.optimizer, again.suggestions, again.told) == (state.optimizer, state.suggestions, state.told)


def test_a_file_that_is_missing_or_torn_is_no_state(tmp_path: Path) -> None:
    """Then the campaign is rebuilt from the journal alone."""
    assert CampaignState.load(tmp_path) is None
    _state().save(tmp_path)
    path = tmp_path / STATE_FILE
    path.write_bytes(path.read_bytes()[:-7])
    assert CampaignState.load(tmp_path) is None
    path.write_text('{"version": 999}')
    assert CampaignState.load(tmp_path) is None


def test_points_are_read_as_they_were_recorded_last(tmp_path: Path) -> None:
    """A replayed point counts once; other streams do not count; numbers alone are readings."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append("start", {"uid": "s"})
    for name in ("baseline", "primary"):
        journal.append("descriptor", {"uid": name, "name": name, "run_start": "s"})
    journal.append("event", {"descriptor": "baseline", "seq_num": 1, "data": {"x": 9.0}})
    for number, value in ((1, 1.0), (2, 2.0), (2, 2.5), (3, 3.0)):
        data = {"x": value, "shutter": "open", "total": 7}
        journal.append("event", {"descriptor": "primary", "seq_num": number, "data": data})
    journal.close()
    points = list(recorded_points(tmp_path))
    assert [(point.number, point.data) for point in points] == [
        (1, {"x": 1.0, "total": 7.0}),
        (2, {"x": 2.5, "total": 7.0}),
        (3, {"x": 3.0, "total": 7.0}),
    ]


def test_a_run_knows_the_runs_it_continued(tmp_path: Path) -> None:
    """Oldest first; a circle or a lost ancestor ends the line."""
    runs = [tmp_path / name for name in ("a", "b", "c")]
    for run, before in zip(runs, [tmp_path / "lost", *runs], strict=False):
        run.mkdir()
        journal = Journal(run / "journal.jsonl")
        journal.append("start", {"uid": run.name, "continues": str(before)})
        journal.close()
    assert lineage(runs[2]) == runs
    assert lineage(runs[0]) == runs[:1]
