"""Chains on a real Dask cluster, whose workers may go away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis.streaming import BasicStep, Batch, Layout, make_runner
from analysis.streaming.step import Results

pytest.importorskip("distributed", reason="the extra `dask` is not installed")

SHAPE = (16, 20)

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Counter(BasicStep):
    """Adds up frames; kills its process once, at a frame, when told to."""

    name = "counter"

    def __init__(self, mark: str = "", dies_at: int = -1) -> None:
        self.mark, self.dies_at = Path(mark), dies_at

    def start(self, layout: Layout) -> None:
        """Forget."""
        self.seen = 0

    def process(self, batch: Batch) -> Batch:
        """Count."""
        if batch.first == self.dies_at and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += len(batch)
        return batch.with_values({"mean": batch.frames.mean(axis=(1, 2))})

    def result(self) -> Results:
        """Count and process."""
        return {"seen": np.array(self.seen), "process": np.array(os.getpid())}


CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    options = {"threads_per_worker": 2, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(2, **options) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a cluster with two workers, all of it in processes of their own."""
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, text=True, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(30.0)


def batches(count: int) -> Iterator[Batch]:
    """One frame each, whose value is its number."""
    for first in range(count):
        yield Batch(first, np.full((1, *SHAPE), first, np.uint16))


@pytest.mark.timeout(120)
def test_a_stream_runs_on_one_worker(cluster: str) -> None:
    """In order, although the worker has two threads and there is another worker."""
    runner = make_runner([{"step": Counter}], "dask", scheduler=cluster)
    runner.start(Layout(SHAPE))
    for batch in batches(12):
        assert runner.submit(batch)
    outcome = runner.stop()
    assert outcome.results["counter"]["seen"] == 12
    assert outcome.results["counter"]["process"] != os.getpid()
    np.testing.assert_array_equal(outcome.values["mean"], np.arange(12.0))
    assert outcome.failures == ()


@pytest.mark.timeout(120)
def test_a_worker_that_dies_is_replaced(cluster: str, tmp_path: Path) -> None:
    """By another one, which sees all frames again."""
    steps = [{"step": Counter, "mark": str(tmp_path / "died"), "dies_at": 5}]
    runner = make_runner(steps, "dask", scheduler=cluster, replay=batches, patience=40.0)
    runner.start(Layout(SHAPE))
    for batch in batches(10):
        assert runner.submit(batch)
    outcome = runner.stop()
    assert (tmp_path / "died").exists()
    assert outcome.results["counter"]["seen"] == 10
    assert [(failure.step, failure.first) for failure in outcome.failures] == [("(worker)", 5)]
