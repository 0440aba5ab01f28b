"""Runs on disk: the journal, the arrays made from it, and closing what a dead process left open."""

from daemon.recorder.counter import next_scan_id
from daemon.recorder.recorder import Recorder
from daemon.recorder.recover import close_interrupted_runs
from daemon.recorder.writers import RunWriter

__all__ = ["Recorder", "RunWriter", "close_interrupted_runs", "next_scan_id"]
