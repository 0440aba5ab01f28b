"""The package's door."""

from __future__ import annotations

import subprocess
import sys

import pytest

import devices


def test_every_public_name_is_what_its_module_calls_so() -> None:
    """No name leads elsewhere, and all of them can be had."""
    for name in devices.__all__:
        assert getattr(devices, name).__name__ == name
    assert sorted(devices.__all__) == sorted(devices._MODULES)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'Robot'"):
        _ = devices.Robot


def test_importing_the_package_imports_no_heavy_library() -> None:
    """Neither ophyd nor zarr nor bluesky, until a name is asked for."""
    code = "import sys, devices; print([m for m in ('ophyd.device', 'zarr', 'torch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
