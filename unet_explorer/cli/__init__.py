"""The command line: every capability of the app, from a terminal, through the same functions.

Each module of this room is one group of commands and has `register(subparsers)`. A command is a function of the parsed
arguments that returns its exit code; `UserError`, or a file that cannot be used, becomes one sentence on standard
error and exit code 2.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from unet_explorer import __version__
from unet_explorer.cli.quiet import LOG_LEVEL
from unet_explorer.errors import UserError

GROUPS = ("explore", "evaluate", "report", "data", "train", "jobs")


def build_parser() -> argparse.ArgumentParser:
    """The parser with the commands of every group."""
    parser = argparse.ArgumentParser(prog="python -m unet_explorer", description="Look inside a segmentation network.")
    parser.add_argument("--version", action="version", version=f"unet_explorer {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in GROUPS:
        importlib.import_module(f"unet_explorer.cli.{group}").register(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after `python -m unet_explorer`; those of the process unless given.

    Returns:
        Exit code: 0 done, 2 bad input, 130 interrupted, or what the command says.
    """
    parser = build_parser()
    if not (sys.argv[1:] if arguments is None else arguments):
        parser.print_help(sys.stderr)
        return 2
    parsed = parser.parse_args(arguments)
    # TensorFlow's own log would bury what a command has to say.
    os.environ.setdefault(LOG_LEVEL, "3")
    try:
        return int(parsed.run(parsed))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of a pipe (`... | head`) has gone; that is its right.
        sys.stderr.close()
        return 0
    except OSError as error:
        # Files fail in more places than have a sentence of their own; without a file it is a bug of ours.
        if error.filename is None:
            raise
        print(f"error: {error.filename} cannot be used ({error.strerror}): check it and try again.", file=sys.stderr)
        return 2
