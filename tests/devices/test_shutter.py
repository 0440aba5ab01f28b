"""The shutter."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from devices.errors import OperationError, SetpointError
from devices.shutter import Shutter


@pytest.mark.parametrize(("value", "state"), [("open", True), (True, True), ("closed", False), ("close", False)])
def test_set_points(fakes: SimpleNamespace, value: str | bool, state: bool) -> None:
    """Words and truth values are understood; done when the hardware has moved."""
    backend = fakes.switch(opened=not state)
    shutter = Shutter(backend, name="shutter")
    status = shutter.set(value)
    assert not status.done
    backend.arrive()
    assert status.success
    assert backend.opened is state


def test_reading_is_a_word(fakes: SimpleNamespace) -> None:
    """The data key has the shutter's name and says which words there are."""
    backend = fakes.switch(now=8.0)
    shutter = Shutter(backend, name="shutter")
    assert shutter.read() == {"shutter": {"value": "closed", "timestamp": 8.0}}
    backend.opened = True
    assert shutter.read()["shutter"]["value"] == "open"
    assert shutter.describe()["shutter"]["choices"] == ["open", "closed"]


def test_an_unknown_word_is_refused_with_the_choices(fakes: SimpleNamespace) -> None:
    """Nothing moves."""
    backend = fakes.switch()
    with pytest.raises(SetpointError, match=r"shutter: cannot be set to 'ajar'; choose 'open' or 'closed'"):
        Shutter(backend, name="shutter").set("ajar")
    assert backend.done is None


def test_a_shutter_that_sticks_fails_its_status(fakes: SimpleNamespace) -> None:
    """What the back-end reports is what the status fails with."""
    backend = fakes.switch()
    shutter = Shutter(backend, name="shutter")
    status = shutter.set("open")
    backend.arrive(OperationError("stuck"))
    with pytest.raises(OperationError, match="stuck"):
        status.wait(0)
    assert shutter.locate() == {"setpoint": "open", "readback": "closed"}
