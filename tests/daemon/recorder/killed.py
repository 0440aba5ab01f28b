"""A process that records a run until it is killed; it prints the number of every event that was acknowledged."""

import sys
from pathlib import Path

import event_model

from daemon.recorder import Recorder
from daemon.settings import RecorderSettings


def main(data: Path) -> None:
    """Records events without end."""
    recorder = Recorder(data, RecorderSettings(block_events=3, block_seconds=0.002))
    run = event_model.compose_run(metadata={"scan_id": 1, "plan_name": "endless", "motors": ["x"]})
    recorder("start", run.start_doc)
    key = {"dtype": "number", "shape": [], "source": "test", "units": "mm"}
    described = run.compose_descriptor(name="primary", data_keys={"x": key, "y": key})
    recorder("descriptor", described.descriptor_doc)
    number = 0
    while True:
        event = described.compose_event(data={"x": number * 0.1, "y": -number}, timestamps={"x": 0.0, "y": 0.0})
        recorder("event", event)
        number += 1
        print(number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
