"""What holds for the four packages as a whole."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.packages import LANDMARKS, foreign_packages, package_folder

PACKAGES = sorted(LANDMARKS)


def test_our_own_packages_are_imported() -> None:
    """Nothing on this machine shadows them."""
    assert foreign_packages() == []


def test_a_foreign_package_is_named_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of the same name in front of ours is found without importing it."""
    foreign = tmp_path / "analysis"
    foreign.mkdir()
    (foreign / "__init__.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "analysis", raising=False)
    (line,) = foreign_packages()
    assert str(foreign) in line
    assert "environment of its own" in line


@pytest.mark.parametrize("package", PACKAGES)
def test_all_names_exist(package: str) -> None:
    """Every name in an ``__all__`` can be had, and is listed once."""
    folder = package_folder(package)
    assert folder is not None
    names = [package, *(m.name for m in pkgutil.walk_packages([str(folder)], f"{package}.") if m.ispkg)]
    for name in names:
        module = importlib.import_module(name)
        public = getattr(module, "__all__", [])
        assert len(set(public)) == len(public), name
        for attribute in public:
            assert hasattr(module, attribute), f"{name}.{attribute}"


CULPRITS = """
import subprocess, sys, threading

def test_thread():
    threading.Thread(target=threading.Event().wait, name="lost", daemon=True).start()

def test_child():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(4)"])

def test_orphan():
    subprocess.run("sleep 4 & disown", shell=True, executable="/bin/bash")

def test_clean():
    thread = threading.Thread(target=print)
    thread.start()
    subprocess.run(["true"])
"""


def test_what_a_test_leaves_behind_fails_it(tmp_path: Path, project_root: Path) -> None:
    """A thread, a child and an orphan are each charged to the test that left them; a clean test passes."""
    conftest = (project_root / "tests" / "conftest.py").read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(conftest.replace("PATIENCE = 15.0", "PATIENCE = 0.3"))
    (tmp_path / "test_it.py").write_text(CULPRITS)
    folder = package_folder("daemon")
    assert folder is not None
    code = (
        f"import sys; sys.path.insert(0, {str(folder.parent)!r}); import pytest; "
        f"sys.exit(pytest.main(['-q', '-rE', '-p', 'no:cacheprovider', {str(tmp_path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "4 passed, 3 errors" in done.stdout, done.stdout
    assert "thread 'lost' (daemon=True)" in done.stdout
    assert "time.sleep(4)" in done.stdout
    assert "sleep 4\n" in done.stdout
    assert "ERROR at teardown of test_clean" not in done.stdout
