"""Stacks of frames from files and runs, unmixed into spectra and maps, with a report."""

from daemon.unmixing.contents import Request
from daemon.unmixing.results import Target, target_folder, target_in_run, write_results
from daemon.unmixing.room import Room, make_room
from daemon.unmixing.standards import Standards, make_standards, read_standards
from daemon.unmixing.summary import summary
from daemon.unmixing.work import Outcome, Wishes, unmix_file

__all__ = [
    "Outcome",
    "Request",
    "Room",
    "Standards",
    "Target",
    "Wishes",
    "make_room",
    "make_standards",
    "read_standards",
    "summary",
    "target_folder",
    "target_in_run",
    "unmix_file",
    "write_results",
]
