"""The command line as a whole: its commands, and how what goes wrong becomes a line and an exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup

from daemon.cli import (
    control,
    demo,
    detect,
    doctor,
    logs,
    queue,
    reports,
    runs,
    serve,
    studies,
    tokens,
    train,
    unmix,
    verification,
    watch,
)
from daemon.cli.output import note, print_error

UsageProblem = typer.BadParameter.__mro__[2]
"""The base of every complaint about arguments; typer does not hand it out by name."""

USER_MISTAKE = 2
INTERRUPTED = 130


class _Commands(TyperGroup):
    """The commands; typer would end an interrupted one without a word."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override] # typer's own subclass of click's context
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise typer.Abort from error


app = typer.Typer(
    name="beampilot",
    cls=_Commands,
    help="An autopilot for beamlines and microscopes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    demo,
    serve,
    queue,
    control,
    watch,
    runs,
    verification,
    reports,
    studies,
    unmix,
    detect,
    train,
    tokens,
    logs,
    doctor,
):
    module.register(app)


def _print_version(wanted: bool) -> None:
    """Print the version and stop, where it is wanted."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"beampilot {version('beampilot')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """An autopilot for beamlines and microscopes."""


def _system_error(error: OSError) -> int:
    """Explain an error of the file system or network, and choose the exit code."""
    from pathlib import Path

    from daemon.errors import from_os_error

    explained = from_os_error(error, Path(error.filename or "a file"))
    full = explained.exit_code == USER_MISTAKE
    print_error(explained if full else error)
    return USER_MISTAKE if full or error.filename else 1


def _exit_code(error: BaseException) -> int:
    """Print what went wrong and choose the exit code; an error that nobody foresaw keeps its traceback.

    Args:
        error: What ended the command.
    """
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        note("beampilot: interrupted")
        # What a library's event loop had under way is lost, as it must be; nobody needs to read about each task.
        logging.getLogger("asyncio").disabled = True
        return INTERRUPTED
    if isinstance(error, UsageProblem):
        told = error.format_message()  # type: ignore[attr-defined] # every usage problem has it
        command = getattr(getattr(error, "ctx", None), "command_path", "beampilot")
        print_error(f"{told.rstrip('.')} (see `{command} --help`)")
        return USER_MISTAKE
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; the interpreter must not complain about it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if isinstance(error, OSError):
        return _system_error(error)
    code = getattr(error, "exit_code", None)
    if not isinstance(code, int):
        raise error
    print_error(error)
    return code


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: The words after ``beampilot``; ``sys.argv[1:]`` when None.

    Raises:
        Exception: Whatever a command raises that is neither a person's mistake nor a known failure.
    """
    try:
        result = app(list(arguments) if arguments is not None else None, prog_name="beampilot", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        return _exit_code(error)
    return result if isinstance(result, int) else 0


def main() -> NoReturn:
    """Run the command that ``sys.argv`` names and leave with its exit code."""
    sys.exit(run())
