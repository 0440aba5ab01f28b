"""The engine: hosts the RunEngine, the devices and the recorder, and keeps the analyst alive."""

from daemon.engine.engine import Engine
from daemon.engine.handle import PlanHandle, PlanResult
from daemon.engine.watchdog import LoopStatistics, LoopWatchdog

__all__ = ["Engine", "LoopStatistics", "LoopWatchdog", "PlanHandle", "PlanResult"]
