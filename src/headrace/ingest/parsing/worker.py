"""The process that reads untrusted files: `python -m headrace.ingest.parsing.worker <pid of the parent>`.

It takes frames from standard input and answers on what was standard output; libraries that print go to
standard error. Its limits are set before the first document.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from typing import Any, BinaryIO

from headrace.errors import DocumentError, LimitExceeded, ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.dispatch import parse
from headrace.ingest.parsing.frames import document_to_map, error_to_map, pack, read_frame
from headrace.ledger.failpoints import declare, fire

DOCUMENT = declare("parsing.worker.document")

_OFFICE_BYTES = 384 * 1024 * 1024
"""Address space that the Office library maps when it is loaded."""
_FILE_BYTES = 1024 * 1024
_OPEN_FILES = 64
_CPU_MARGIN_SECONDS = 10
_PR_SET_PDEATHSIG = 1
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Serve documents until the parent closes the pipe."""
    _die_with_parent(int(sys.argv[1]))
    requests, replies = _take_over_pipes()
    settings = read_frame(requests)
    if settings is None:
        return
    memory_bytes = int(settings["memory_mb"]) * 1024 * 1024
    _limit(most_bytes=memory_bytes + 2 * int(settings["max_input_bytes"]))
    _send(replies, {"ready": True})
    while (request := read_frame(requests)) is not None:
        _limit_cpu(float(request["timeout_seconds"]))
        _limit_memory(memory_bytes + _needed_to_load(request["data"]))
        reply = _answer(request, memory_mb=int(settings["memory_mb"]))
        _limit_memory(None)
        _send(replies, {**reply, "resident_bytes": _resident_bytes()})


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


def _take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep both pipes for frames alone, whatever a library prints or reads."""
    requests = os.fdopen(os.dup(0), "rb", buffering=1024 * 1024)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _limit(*, most_bytes: int) -> None:
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, _FILE_BYTES)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_AS, 2 * (_address_space_bytes() + most_bytes) + _OFFICE_BYTES)


def _limit_memory(more_bytes: int | None) -> None:
    """Let one document add so much to what is in use; None gives back all that the process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = hard if more_bytes is None else _address_space_bytes() + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (min(soft, hard), hard))


def _needed_to_load(data: bytes) -> int:
    is_office = data.startswith((b"PK", b"{\\rtf"))
    return _OFFICE_BYTES if is_office and "kreuzberg" not in sys.modules else 0


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY or value <= hard:
        resource.setrlimit(which, (value, value))


def _limit_cpu(timeout_seconds: float) -> None:
    """Ends a worker that spins although nobody waits for it any more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + timeout_seconds) + _CPU_MARGIN_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or seconds <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _answer(request: dict[str, Any], *, memory_mb: int) -> dict[str, Any]:
    hints = Hints(
        media_type=request["media_type"],
        charset=request["charset"],
        max_input_bytes=int(request["max_input_bytes"]),
        max_text_chars=int(request["max_text_chars"]),
    )
    try:
        fire(DOCUMENT)
        document = parse(request["data"], name=str(request["name"]), hints=hints)
        return {"document": document_to_map(document)}
    except DocumentError as error:
        return {"error": error_to_map(error)}
    except MemoryError:
        problem = LimitExceeded(f"Needs more memory than {memory_mb} MB.", hint="Split the document.")
        return {"error": error_to_map(problem), "leave": True}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  # a panic of a Rust library derives from BaseException
        words = " ".join(str(error).split())[:300]
        failure = ParseError(
            f"The parser failed: {type(error).__name__}: {words}.", hint="Save the document again."
        )
        return {"error": error_to_map(failure), "leave": True}


def _send(replies: BinaryIO, message: dict[str, Any]) -> None:
    rest = memoryview(pack(message))
    while rest:
        rest = rest[replies.write(rest) :]


def _address_space_bytes() -> int:
    return _statm(0)


def _resident_bytes() -> int:
    return _statm(1)


def _statm(field: int) -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:
            return int(stream.read().split()[field]) * _PAGE_BYTES
    except OSError:
        return 0


if __name__ == "__main__":
    main()
