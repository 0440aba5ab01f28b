"""Makes the devices that the settings name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from daemon.errors import InstrumentError
from daemon.factory_settings import InstrumentSettings


def load_instrument(settings: InstrumentSettings) -> dict[str, Any]:
    """Calls the instrument's factory.

    Returns:
        ophyd devices by name, not yet connected.

    Raises:
        InstrumentError: one line that says what to change, when the factory cannot be found, fails, or returns
            something else than named devices.
    """
    factory = find_factory(settings.factory, settings.path, "instrument")
    try:
        devices = factory(**settings.options)
    except Exception as error:
        # The factory is a stranger's code: whatever it raises, the operator needs its name and its reason.
        raise InstrumentError(f"instrument.factory {settings.factory} failed: {_one_line(error)}") from error
    return _checked(devices, settings.factory)


def find_factory(name: str, folder: Path | None, section: str) -> Callable[..., Any]:
    """Finds a function that the settings name.

    Args:
        name: `module:function`.
        folder: added to the end of Python's import path first.
        section: of the settings, for errors.

    Raises:
        InstrumentError: its module cannot be imported, or has no such function.
    """
    module_name, _, attribute = name.partition(":")
    _add_to_path(folder)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        text = f"{section}.factory {name}: cannot import {module_name}: {_one_line(error)}"
        raise InstrumentError(f"{text}; correct the name, or name its folder in {section}.path") from error
    factory = getattr(module, attribute, None)
    if not callable(factory):
        raise InstrumentError(f"{section}.factory {name}: {module_name} has no function {attribute}")
    return factory


def _add_to_path(folder: Path | None) -> None:
    if folder is None:
        return
    text = str(folder.expanduser().absolute())
    if text not in sys.path:
        sys.path.append(text)  # at the end, so that nothing there can stand in front of our own packages


def _checked(devices: object, factory: str) -> dict[str, Any]:
    if not isinstance(devices, Mapping) or not devices:
        raise InstrumentError(f"instrument.factory {factory} must return a dictionary of devices, not {devices!r:.60}")
    for name, device in devices.items():
        if getattr(device, "name", None) != name:
            found = getattr(device, "name", type(device).__name__)
            raise InstrumentError(f"instrument.factory {factory}: the device under {name!r} calls itself {found!r}")
    return dict(devices)


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
