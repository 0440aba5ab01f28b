"""Whether the four import packages are Beampilot's own: another package of such a common name may shadow them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

LANDMARKS = {
    "analysis": "optimization/__init__.py",
    "daemon": "cli/__init__.py",
    "devices": "stage.py",
    "simulators": "diffractometer/__init__.py",
}
"""For each package, a file that nobody else's package of that name has."""


def package_folder(name: str) -> Path | None:
    """Find the folder from which ``name`` would be imported, without importing it; None where there is none."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def foreign_packages() -> list[str]:
    """Describe every package that is not ours, one line each with what to do; empty where all is well."""
    lines = []
    for name, landmark in LANDMARKS.items():
        folder = package_folder(name)
        if folder is None:
            lines.append(f"package '{name}' is not installed: run `pip install .` in Beampilot's folder")
        elif not (folder / landmark).is_file():
            lines.append(
                f"'{name}' is imported from {folder}, which is not Beampilot's: uninstall what put it there "
                "(PyPI's python-daemon is one), rename that folder, or install Beampilot in an environment of its own"
            )
    return lines


def beampilot_version() -> str:
    """Beampilot's version; ``unknown`` where it runs from a folder without having been installed."""
    try:
        return version("beampilot")
    except PackageNotFoundError:
        return "unknown"
