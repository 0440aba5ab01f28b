"""The command line: ``beampilot …``."""

from daemon.cli.app import main

__all__ = ["main"]
