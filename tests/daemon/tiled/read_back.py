"""Reads every run back from a Tiled server, as any user of Tiled does; runs where Tiled's client is installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from tiled.client import from_uri


def main(url: str, folder: Path) -> None:
    """Leaves each run's documents and arrays in a folder."""
    catalog = from_uri(url, api_key="secret")
    for uid in catalog:
        run = catalog[uid]
        arrays = {}
        for stream, node in run.base.items():
            parts = node.base
            for key in parts:
                if key == "internal":
                    arrays |= {f"{stream}/{name}": column.to_numpy() for name, column in parts[key].read().items()}
                else:
                    arrays[f"{stream}/{key}"] = parts[key].read()
        arrays = {name: array.astype(str) if array.dtype == object else array for name, array in arrays.items()}
        np.savez(folder / f"{uid}.npz", **arrays)
        (folder / f"{uid}.json").write_text(json.dumps(dict(run.metadata)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
