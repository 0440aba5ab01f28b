"""Every exception of the simulators, in one tree.

```
SimulatorError (ValueError)     a simulator was asked for something that it cannot be
└── ClockClosedError                 the simulated clock has been closed
```
"""

from __future__ import annotations


class SimulatorError(ValueError):
    """A simulator was asked for something that it cannot be; the message says what to change."""


class ClockClosedError(SimulatorError):
    """The simulated clock has been closed."""
