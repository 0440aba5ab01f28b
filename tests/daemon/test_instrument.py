"""The instrument that the settings name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.errors import InstrumentError
from daemon.factory_settings import InstrumentSettings
from daemon.instrument import load_instrument

Make = Callable[..., InstrumentSettings]

FACTORY = """
from ophyd.sim import SynAxis
def instrument(name="stage"):
    return {"stage": SynAxis(name=name)}
def nothing(): return {}
def listed(): return [1]
def failing(): raise OSError("the crate is\\noff")
constant = 3
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes settings for a factory in a module that lies in a folder of its own."""
    (tmp_path / "beamline_for_test.py").write_text(FACTORY)
    (tmp_path / "broken_for_test.py").write_text("import nonsense_for_test\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))

    def make(factory: str, **options: object) -> InstrumentSettings:
        return InstrumentSettings(factory=factory, options=options, path=tmp_path)

    return make


def test_devices_by_name(settings: Make) -> None:
    """The factory's devices, found in the folder that the settings name."""
    devices = load_instrument(settings("beamline_for_test:instrument"))
    assert devices["stage"].name == "stage"


@pytest.mark.parametrize(
    ("factory", "options", "expected"),
    [
        ("beamline_for_test:none", {}, "beamline_for_test has no function none"),
        ("beamline_for_test:constant", {}, "beamline_for_test has no function constant"),
        (
            "missing_for_test:x",
            {},
            "cannot import missing_for_test: ModuleNotFoundError: .*; correct the name, or name",
        ),
        ("broken_for_test:x", {}, "cannot import broken_for_test: ModuleNotFoundError: .*nonsense_for_test"),
        ("beamline_for_test:instrument", {"wrong": 1}, "failed: TypeError: .*unexpected keyword argument 'wrong'"),
        ("beamline_for_test:failing", {}, "failed: OSError: the crate is off$"),
        ("beamline_for_test:nothing", {}, "must return a dictionary of devices, not {}"),
        ("beamline_for_test:listed", {}, r"must return a dictionary of devices, not \[1\]"),
        ("beamline_for_test:instrument", {"name": "table"}, "the device under 'stage' calls itself 'table'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    settings: Make, factory: str, options: dict[str, Any], expected: str
) -> None:
    """The factory's name, and the reason."""
    with pytest.raises(InstrumentError, match=expected) as caught:
        load_instrument(settings(factory, **options))
    assert f"instrument.factory {factory}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_folder_on_the_path_stands_behind_our_packages(settings: Make, tmp_path: Path) -> None:
    """A file `devices.py` beside somebody's factory must not shadow ours; and the folder is added once."""
    for _ in range(2):
        load_instrument(settings("beamline_for_test:instrument"))
    assert sys.path.count(str(tmp_path)) == 1
    assert sys.path[-1] == str(tmp_path)
