"""How a command ends when it does not end well: one message and one exit code for every kind of error."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from headrace.cli.output import OutputClosed, plain, write_json
from headrace.errors import HeadraceError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells give it."""

PIPE_CLOSED = 141
"""Exit code when the reader of the output went away, as shells give it."""


class UnexpectedError(HeadraceError):
    """Something Headrace did not foresee: a bug, or a broken installation."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(
            f"Unexpected error: {type(cause).__name__}: {cause}",
            hint="Set HEADRACE_DEBUG=1 and run the command again to see where it comes from.",
        )


class Interrupted(HeadraceError):
    """Ctrl-C."""

    exit_code = INTERRUPTED

    def __init__(self) -> None:
        super().__init__(
            "Interrupted.", hint="What was published stays; the same command goes on from there."
        )


def guarded(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose errors become a message and an exit code; `as_json` of the command decides the form."""

    @functools.wraps(command)
    def call(**options: Any) -> int:
        as_json = bool(options.get("as_json"))
        try:
            return command(**options)
        except OutputClosed:
            return PIPE_CLOSED
        except KeyboardInterrupt:
            return report(Interrupted(), as_json=as_json)
        except HeadraceError as error:
            return report(error, as_json=as_json)
        except Exception as error:  # noqa: BLE001  the last resort of the program: shown, never swallowed
            return report(UnexpectedError(error), as_json=as_json, cause=error)

    return call


def report(error: HeadraceError, *, as_json: bool, cause: Exception | None = None) -> int:
    """Print an error, as JSON to stdout or as text to stderr, and give its exit code."""
    if os.environ.get("HEADRACE_DEBUG", "0") not in ("", "0"):
        import traceback

        traceback.print_exception(cause or error, file=sys.stderr)
    try:
        if as_json:
            write_json(error.to_wire())
        else:
            sys.stderr.write(f"{plain(error.message)}\n")
            if error.hint:
                sys.stderr.write(f"{plain(error.hint)}\n")
    except (OutputClosed, BrokenPipeError):
        return PIPE_CLOSED
    return error.exit_code


def worst(codes: Iterable[int]) -> int:
    """One exit code for several results: withheld wins, then wrong usage, then failure."""
    found = set(codes)
    return next((code for code in (3, 2, 1) if code in found), 0)


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether a command line that could not be parsed asked for JSON."""
    before_texts = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in before_texts
