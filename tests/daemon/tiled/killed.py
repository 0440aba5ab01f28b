"""Follows the runs of a data folder in processes of which each but the last is killed, at one request after another."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from folder_catalog import FolderCatalog

from daemon.tiled.follower import MEMORY, Follower, Memory
from daemon.tiled.registrar import Registrar


def follow(data: Path, catalog: FolderCatalog) -> None:
    """Registers all runs."""
    follower = Follower(data, Registrar(catalog), Memory(data, "place"))
    while follower.waiting:
        follower.step()


def kill(number: int) -> None:
    """Ends this process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def attempt(data: Path, folder: Path, request: int, *, after: bool) -> bool:
    """Follows in a process that is killed at one request; whether it got to the end before that."""
    child = os.fork()
    if child == 0:
        catalog = FolderCatalog(folder)
        moment = "after" if after else "before"
        setattr(catalog, moment, lambda number: kill(number) if number == request else None)
        follow(data, catalog)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def main(data: Path, work: Path) -> None:
    """Kills at every request that there is; prints what the catalog held each time, and how many times that was."""
    outcomes: dict[str, int] = {}
    for after in (False, True):
        request, ended = 0, False
        while not ended:
            request += 1
            (data / MEMORY).unlink(missing_ok=True)
            shutil.rmtree(work, ignore_errors=True)
            ended = attempt(data, work, request, after=after)
            # Killed again at the same request of the next life, too.
            attempt(data, work, request, after=after)
            follow(data, FolderCatalog(work))
            held = {path.name: FolderCatalog(work).documents(path.name) for path in sorted(work.iterdir())}
            text = json.dumps(held)
            outcomes[text] = outcomes.get(text, 0) + 1
    print(json.dumps([[json.loads(text), count] for text, count in outcomes.items()]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
