"""Starts the processes of the daemon, watches them, and starts them again when they fail."""

from daemon.supervisor.backoff import Backoff
from daemon.supervisor.keeper import Keeper, Orders
from daemon.supervisor.processes import Process, find_process, start_process
from daemon.supervisor.supervisor import Supervisor

__all__ = ["Backoff", "Keeper", "Orders", "Process", "Supervisor", "find_process", "start_process"]
