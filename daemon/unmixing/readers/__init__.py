"""Readers of stacks, one module for each kind of file."""

from daemon.unmixing.readers.choose import read_contents

__all__ = ["read_contents"]
