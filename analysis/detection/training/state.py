"""The state of a training on disk: one safetensors file, replaced whole, from which it goes on as if never ended."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.optim import Optimizer

from analysis.detection.errors import TrainingError


def write_atomically(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and facts so that a reader finds all of the old file or all of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    # Written here, because of a full disk safetensors makes an exception of its own.
    content = save({name: value.contiguous() for name, value in tensors.items()}, {"facts": json.dumps(facts)})
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read tensors and facts.

    Raises:
        TrainingError: The file is damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            return tensors, json.loads((file.metadata() or {})["facts"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise TrainingError(f"{path} is damaged ({error}); delete it to begin the training anew") from error


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """The moments of an optimiser, by parameter and name."""
    return {
        f"optimizer.{number}.{name}": torch.as_tensor(value)
        for number, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def restore_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an optimiser its moments back."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        kind, _, rest = key.partition(".")
        if kind == "optimizer":
            number, _, name = rest.partition(".")
            state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Those tensors whose name begins with a word and a dot, without it."""
    return {key[len(name) + 1 :]: value for key, value in tensors.items() if key.startswith(f"{name}.")}
