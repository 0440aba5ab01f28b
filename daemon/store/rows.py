"""Between rows of the database and the records that the store hands out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from daemon.errors import ItemRejected
from daemon.store.records import HistoryEntry, Item
from daemon.store.tables import plain

ITEM = ("uid", "plan", "parameters", "metadata", "added_by", "added_at")
LONGEST_UID = 255


def item_of(row: sa.Row[Any], position: int | None) -> Item:
    """The item in a row of the queue, or in the one that runs."""
    return Item(**_named(row, ITEM), position=position)


def entry_of(row: sa.Row[Any]) -> HistoryEntry:
    """The entry in a row of the history."""
    return HistoryEntry(**_named(row, HistoryEntry.__dataclass_fields__))


def values_of(item: Item) -> dict[str, Any]:
    """The columns that every table of items has."""
    return {name: getattr(item, name) for name in ITEM}


def checked(item: Item) -> Item:
    """The item as the database will give it back.

    Raises:
        ItemRejected: if its uid is no name, or its parameters or metadata are not plain JSON types.
    """
    if not item.uid or len(item.uid) > LONGEST_UID or item.uid != plain(item.uid):
        raise ItemRejected(f"{item.uid!r} is no uid of an item: use 1 to {LONGEST_UID} printable characters")
    return replace(
        item,
        plan=plain(item.plan),
        added_by=plain(item.added_by),
        parameters=plain_mapping("parameters", item.parameters),
        metadata=plain_mapping("metadata", item.metadata),
        position=None,
    )


def plain_mapping(what: str, mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping after a way through JSON.

    Raises:
        ItemRejected: if it is not made of plain JSON types.
    """
    try:
        return json.loads(json.dumps(dict(mapping), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ItemRejected(f"the item's {what} cannot be kept as JSON: {error}") from error


def search_text(words: Iterable[object]) -> str:
    """What a search looks through: everything said of an item, case-folded."""
    return plain(
        "\n".join(
            word if isinstance(word, str) else json.dumps(word, ensure_ascii=False)
            for word in words
            if word is not None
        )
    ).casefold()


def _named(row: sa.Row[Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row._mapping[name] for name in names}
