"""What a run says about itself: the attributes in the `zarr.json` at its top."""

from __future__ import annotations

import functools
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from daemon.errors import RecorderError
from daemon.recorder.disk import write_atomically
from daemon.recorder.layout import METADATA, group_metadata

LIBRARIES = ("beampilot", "bluesky", "ophyd", "zarr", "numpy")
"""Distributions whose versions every run records, besides Python's own."""


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Beampilot, of Python and of the libraries that a run depends on; None is left out."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # run from a folder that was never installed
            found[name] = "not installed"
    return found


def read_attributes(run: Path) -> dict[str, Any]:
    """The attributes of a run.

    Raises:
        RecorderError: when there are none to read.
    """
    path = run / METADATA
    try:
        attributes = json.loads(path.read_bytes())["attributes"]
    except OSError as error:
        raise RecorderError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RecorderError(f"{path} is damaged: {error}") from error
    return dict(attributes)


def write_attributes(run: Path, attributes: Mapping[str, Any], *, sync: bool = False) -> None:
    """Replaces the attributes of a run, whole or not at all."""
    write_atomically(run / METADATA, group_metadata(attributes), sync=sync)
