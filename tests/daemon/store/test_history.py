"""The history: pages, searches, and forgetting."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import ItemNotFound
from daemon.store import HistoryEntry, Store


def do(store: Store, plan: str, parameters: dict[str, Any] | None = None, by: str = "", reason: str = "") -> str:
    """Adds, takes and ends an item; its uid."""
    store.add(plan, parameters or {}, {"sample": "Käse 100%_done"}, by=by, at="front")
    item = store.take()
    assert item is not None
    store.finish(item.uid, "fail" if reason else "success", reason, run_path=f"/runs/{plan}.zarr")
    return item.uid


def test_pages(store: Store) -> None:
    """Newest first; each page goes on where the last one ended."""
    uids = [do(store, "p") for _ in range(7)]
    pages: list[list[HistoryEntry]] = []
    before = None
    while page := store.history(limit=3, before=before):
        pages.append(page)
        before = page[-1].id
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [entry.uid for page in pages for entry in page] == uids[::-1]
    assert store.history_size() == 7
    assert store.history_entry(pages[1][0].id) == pages[1][0]
    with pytest.raises(ItemNotFound, match="no entry 99"):
        store.history_entry(99)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("GRID", ["grid_scan"]),
        ("stage_y", ["spiral"]),
        ("ÉTAT", ["spiral"]),
        ("käse 100%_", ["spiral", "grid_scan"]),
        ("100_", []),
        ("1%d", []),
        ("no beam", ["grid_scan"]),
        ("ada", ["spiral"]),
        ("/runs/spiral.zarr", ["spiral"]),
        ("FAIL", ["grid_scan"]),
        ("", ["spiral", "grid_scan"]),
    ],
)
def test_search(store: Store, text: str, found: list[str]) -> None:
    """In whatever case, also beyond ASCII; "%" and "_" stand for themselves."""
    do(store, "grid_scan", reason="No beam")
    do(store, "spiral", {"axes": {"stage_y": "état"}}, by="Ada")
    assert [entry.plan for entry in store.history(search=text)] == found
    assert len(store.history(limit=1, search=text)) == min(1, len(found))


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.text(st.characters(exclude_characters='"\\'), min_size=1), min_size=1, max_size=3), data=st.data()
)
def test_any_text_is_found(words: list[str], data: st.DataObject) -> None:
    """Whatever a reason holds, any piece of it finds the entry and it can be read again."""
    reason = " ".join(words)
    piece = reason[slice(*sorted(data.draw(st.tuples(*[st.integers(0, len(reason))] * 2))))]
    with Store("sqlite://") as store:
        do(store, "p", reason=reason)
        (entry,) = store.history(search=piece)
        clean = reason.replace("\0", "␀")
        assert entry.reason == "".join("?" if "\ud800" <= sign <= "\udfff" else sign for sign in clean)


def test_forgetting(store: Store) -> None:
    """All goes, ids are not used again, and `history_uid` changes when there was something."""
    empty = store.history_uid
    assert store.clear_history() == 0
    assert store.history_uid == empty
    do(store, "p")
    do(store, "p")
    some = store.history_uid
    assert some != empty
    last = store.history()[0].id
    assert store.clear_history() == 2
    assert store.history_uid not in {empty, some}
    assert store.history() == []
    do(store, "p")
    assert store.history()[0].id > last
