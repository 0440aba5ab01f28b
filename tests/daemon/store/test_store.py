"""The store as a whole: what importing it brings along, and what is packaged with it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files

HEAVY = ("alembic", "bluesky", "ophyd", "torch", "numpy", "fastapi")

IMPORTS = """
import json, sys
from daemon.store import Store
loaded = [set(sys.modules)]
for _ in range(2):
    with Store(sys.argv[1]) as store:
        store.add("p", {})
    loaded.append(set(sys.modules))
    if sys.argv[2] == "again":
        break
print(json.dumps([sorted(names) for names in loaded]))
"""


def loaded(url: str, times: str) -> list[list[str]]:
    """Heavy packages that a process has loaded after the import, and after opening a store."""
    command = [sys.executable, "-P", "-c", IMPORTS, url, times]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [[name for name in HEAVY if name in names] for names in json.loads(done.stdout)]


def test_the_store_is_light(sqlite_url: str) -> None:
    """Migrations are loaded when there are some to do, and the instrument's packages never."""
    assert loaded(sqlite_url, "first") == [[], ["alembic"], ["alembic"]]
    assert loaded(sqlite_url, "again") == [[], []]


def test_migrations_are_packaged() -> None:
    """They are modules of the package, so a wheel holds them."""
    versions = files("daemon.store.migrations") / "versions"
    assert {"__init__.py", "step_0001.py"} <= {entry.name for entry in versions.iterdir()}
    assert (files("daemon.store.migrations") / "env.py").is_file()
