"""Runs a command, and turns whatever goes wrong into one sentence and an exit code.

0 done (also when no program was found), 1 a fault of ours, 2 the user's input, 3 a required verdict was not reached,
130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from scrutable.errors import ScrutableError, UserError

FAULT, USER, REQUIRED, STOPPED = 1, 2, 3, 130


class Stopped(Exception):
    """Ctrl-C during long work. The text says where the finished work is and how to go on."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The command `scrutable`. Leaves with an exit code.

    Arguments:
        arguments: the words after the command's name; those of this process if left out.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words  # allowed anywhere, so that it can be put after a command that has just failed
    sys.exit(_run([word for word in words if word != "--debug"], debug=debug))


def _run(words: list[str], *, debug: bool) -> int:
    from scrutable.cli._app import app

    try:
        code = app(words, prog_name="scrutable", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except UserError as error:
        return _say(f"error: {error}", USER)
    except (Stopped, KeyboardInterrupt) as error:
        return _say(f"\n{error or 'stopped'}", STOPPED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains as it leaves
        return FAULT
    except Exception as error:
        explain = getattr(error, "format_message", None)  # typer's own errors have it
        if explain is not None:
            text = explain()  # empty when the help was shown because there were no words at all
            return _say(f"error: {text}; try: {_help(error)}", USER) if text else USER
        if debug:
            raise
        kind = "" if isinstance(error, ScrutableError) else f"{type(error).__name__}: "
        first = (str(error).splitlines() or ["no message"])[0]
        return _say(f"unexpected error: {kind}{first}; for the traceback add --debug", FAULT)


def _help(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context is not None else 'scrutable'} --help"


def _say(text: str, code: int) -> int:
    from scrutable.cli._console import clean

    print(clean(text), file=sys.stderr)
    return code
