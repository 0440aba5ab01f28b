"""Opening, closing, threads and processes that share a database, and one that is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from daemon.errors import ItemRunning, StoreUnavailable
from daemon.store import Item, Store

ADDER = """
import os, sys
from daemon.store import Item, Store
store = Store(sys.argv[1]).open()
number = 0
while True:
    number += 1
    block = [f"{sys.argv[2]}-{number}-{part}" for part in range(3)]
    store.add_many([Item.new("p", {"uid": uid}, uid=uid) for uid in block], ("front", "back", 2)[number % 3])
    os.write(1, f"added {' '.join(block)}\\n".encode())
    if number % 4 == 2:
        uid = store.take().uid
    if number % 4 == 0:
        store.finish(uid, "success")
        os.write(1, f"finished {uid}\\n".encode())
"""

OPENER = """
import sys
from daemon.store import Store
sys.stdin.readline()
with Store(sys.argv[1]) as store:
    store.add("p", {}, uid=sys.argv[2])
"""


def path_of(url: str) -> Path:
    """The file of an SQLite database."""
    return Path(url.removeprefix("sqlite:///"))


def child(code: str, *words: str) -> subprocess.Popen[str]:
    """A process of its own that runs some code."""
    command = [sys.executable, "-P", "-c", code, *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def killed_after(lines: int, url: str, name: str) -> list[str]:
    """What a process acknowledged that was killed while it added items."""
    process = child(ADDER, url, name)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    return [line for line in said if line.endswith("\n")]


def test_a_killed_process_loses_nothing_it_acknowledged(sqlite_url: str) -> None:
    """After every kill: each acknowledged item is there once, blocks are whole, and the file is sound."""
    acknowledged: set[str] = set()
    finished: set[str] = set()
    for round_, lines in enumerate((1, 7, 40, 90)):
        for verb, *uids in (line.split() for line in killed_after(lines, sqlite_url, f"round{round_}")):
            (acknowledged if verb == "added" else finished).update(uids)
        with sqlite3.connect(path_of(sqlite_url)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        raw.close()
        with Store(sqlite_url) as store:
            waiting = store.items()
            assert [item.position for item in waiting] == list(range(len(waiting)))
            if running := store.running():
                waiting.append(store.put_back(running.uid))
            done = store.history(limit=10**6)
            uids = [item.uid for item in waiting] + [entry.uid for entry in done]
            assert all(item.parameters == {"uid": item.uid} for item in waiting)
        assert len(set(uids)) == len(uids)
        assert acknowledged <= set(uids)
        assert finished <= {entry.uid for entry in done}
        unsaid = set(uids) - acknowledged
        assert len(unsaid) % 3 == 0
        assert len(unsaid) <= 3 * (round_ + 1)


def test_all_survives_a_restart(url: str) -> None:
    """Queue, what runs, flags, history, tokens, accesses and lock are there when the store is opened again."""
    with Store(url) as store:
        store.add_many([Item.new("p", {"n": n}) for n in range(4)])
        first, second = store.take(), None
        assert first is not None
        store.finish(first.uid, "fail", "no beam", "run", "/runs/run", 3)
        second = store.take()
        store.set_flags(loop=True)
        secret, _ = store.create_token("n", "observer")
        store.log_access("n", "POST", "/queue", 200, "::1")
        store.lock("Ada", "alignment")

        def everything() -> tuple[object, ...]:
            return (
                *(store.items(), store.running(), store.running_since(), store.flags(), store.history()),
                *(store.tokens(), store.accesses(), store.lock_state()),
                *(store.queue_uid, store.history_uid, store.lock_uid),
            )

        before = everything()
        assert store.running() == second
    store = Store(url)
    with store:
        assert everything() == before
        assert store.find_token(secret) == store.tokens()[0]


def test_threads_that_share_a_queue_take_distinct_items(url: str) -> None:
    """Four threads work one queue off, each with its own store or a shared one: every item is done once."""
    with Store(url) as shared, Store(url) as other:
        uids = [item.uid for item in shared.add_many([Item.new("p", {}) for _ in range(40)])]
        start = threading.Barrier(4)

        def work(store: Store) -> list[str]:
            mine: list[str] = []
            start.wait()
            while True:
                try:
                    item = store.take()
                except ItemRunning:
                    continue
                if item is None:
                    return mine
                mine.append(item.uid)
                store.finish(item.uid, "success")

        with ThreadPoolExecutor(4) as threads:
            taken = list(threads.map(work, [shared, shared, other, other]))
        assert sorted(uid for mine in taken for uid in mine) == sorted(uids)
        assert sorted(entry.uid for entry in shared.history()) == sorted(uids)
        assert shared.items() == []


def test_threads_add_at_the_same_time(url: str) -> None:
    """No item is lost or put on top of another."""
    with Store(url) as store, ThreadPoolExecutor(8) as threads:
        places = ["front", "back", 0, 1, -2] * 10
        added = list(threads.map(lambda place: store.add("p", {}, at=place).uid, places))
        items = store.items()
        assert sorted(item.uid for item in items) == sorted(added)
        assert [store.get(item.uid).position for item in items] == list(range(50))


def test_processes_open_an_empty_database_at_the_same_time(sqlite_url: str) -> None:
    """One makes the tables, the others wait for it."""
    path_of(sqlite_url).parent.mkdir()
    processes = [child(OPENER, sqlite_url, f"item-{number}") for number in range(4)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate() and process.returncode for process in processes] == [0] * 4
    with Store(sqlite_url) as store:
        assert sorted(item.uid for item in store.items()) == [f"item-{number}" for number in range(4)]


def test_sqlite_is_set_as_it_must_be(sqlite_url: str) -> None:
    """WAL, commits that wait for the disk, foreign keys; nobody else reads the file."""
    with Store(sqlite_url) as store, store._look() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    assert stat.S_IMODE(path_of(sqlite_url).stat().st_mode) == 0o600


def test_a_failure_undoes_the_whole_change(store: Store) -> None:
    """An exception in the middle leaves nothing behind, and the store goes on."""
    store.add("a", {})

    def interrupted() -> None:
        with store._change() as connection:
            connection.exec_driver_sql("DELETE FROM queue")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [item.plan for item in store.items()] == ["a"]
    store.add("b", {})
    assert [item.plan for item in store.items()] == ["a", "b"]


def test_what_is_no_database(tmp_path: Path) -> None:
    """One sentence says what is wrong; a password is not shown."""
    file = tmp_path / "file"
    file.write_bytes(b"this is not a database" * 100)
    cases = {
        f"sqlite:///{file}": "file is not a database",
        f"sqlite:///{file}/below": "cannot make the database",
        "nonsense": "no URL of a database",
        "nonsense://host/name": "no URL of a database",
    }
    for url, text in cases.items():
        with pytest.raises(StoreUnavailable, match=text):
            Store(url).open()
    store = Store("postgresql+psycopg://ada:secret@localhost/name")
    with pytest.raises(StoreUnavailable, match="not open") as caught:
        store.items()
    assert "secret" not in str(caught.value)


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is named."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnavailable, match="needs the Python package 'psycopg'"):
        Store("postgresql+psycopg://localhost/name").open()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """The file is named."""
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailable, match="Permission denied"):
        Store(f"sqlite:///{tmp_path}/b.sqlite3").open()


def test_opening_and_closing_again(sqlite_url: str) -> None:
    """Both are harmless; in between, a closed store says that it is closed."""
    store = Store(sqlite_url).open()
    assert store.open() is store
    store.add("a", {})
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="not open"):
        store.items()
    assert [item.plan for item in store.open().items()] == ["a"]
    store.close()


def test_a_database_in_memory_is_shared_by_threads() -> None:
    """It lives as long as the store is open."""
    with Store("sqlite://") as store, ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: store.add("p", {"n": n}), range(20)))
        assert len(store.items()) == 20
