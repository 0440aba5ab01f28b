"""Runs registered in a Tiled server: a process of its own follows the journals on disk, and nobody waits for it."""

from daemon.tiled.catalog import Catalog
from daemon.tiled.follower import Follower
from daemon.tiled.registrar import Registrar

__all__ = ["Catalog", "Follower", "Registrar"]
