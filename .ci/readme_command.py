"""Print the one command of a README's fenced blocks that contains a given word."""

from __future__ import annotations

import re
import sys
from pathlib import Path

FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL
)
SHELLS = {"", "bash", "console", "sh", "shell"}


def commands(text: str) -> list[str]:
    """List the commands of all shell blocks: lines joined at a trailing backslash, prompts and comments removed."""
    found = []
    for match in FENCE.finditer(text):
        language = match["info"].split()
        if (language[0].lower() if language else "") not in SHELLS:
            continue
        for line in match["body"].replace("\\\n", " ").splitlines():
            command = line.strip().removeprefix("$ ")
            if command and not command.startswith("#"):
                found.append(command)
    return found


def command_with(text: str, word: str) -> str:
    """Find the only command that contains ``word`` as a whole word.

    Raises:
        ValueError: When no command or more than one contains it.
    """
    matching = [command for command in commands(text) if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", command)]
    if len(matching) != 1:
        raise ValueError(f"expected one command with {word!r} in a fenced shell block, found {matching or 'none'}")
    return matching[0]


if __name__ == "__main__":
    try:
        print(command_with(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2]))
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
