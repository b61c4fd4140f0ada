"""One worker process as its parent sees it: started, asked with a deadline, killed, replaced."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from headrace.errors import DocumentError, LimitExceeded, ParseError
from headrace.ingest.parsing.base import ParserConfig
from headrace.ingest.parsing.frames import HEADER, document_from_map, error_from_map, pack, unpack
from headrace.records.document import Content, ParsedDocument

_KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "PYTHONHOME",
    "PYTHONUTF8",
    "SYSTEMROOT",
    "HEADRACE_FAILPOINTS",
)
_START_SECONDS = 60.0
_AGAIN = "Save the document again, or leave it out."
_READ_BYTES = 1024 * 1024
_RECYCLE_SHARE = 0.5
_MEMORY_WORDS = (
    b"memory allocation",
    b"MemoryError",
    b"bad_alloc",
    b"out of memory",
    b"Cannot allocate memory",
)


class _EndedError(Exception):
    """The worker closed its pipe."""


class _LateError(Exception):
    """The deadline passed."""


class WorkerProcess:
    """Owns at most one subprocess. Not for use from several threads at once."""

    def __init__(self, config: ParserConfig) -> None:
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._served = 0

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        return self._process.pid if self._process is not None else None

    def parse(self, name: str, content: Content) -> ParsedDocument | DocumentError:
        """Parse one document; what goes wrong comes back as an error and never ends the caller."""
        seconds = self._config.timeout_seconds
        try:
            process = self._running()
            deadline = time.monotonic() + seconds
            _write(process, self._request(name, content), deadline=deadline)
            reply = _read(process, deadline=deadline)
            result = _result(reply)
        except _LateError:
            self.close()
            return LimitExceeded(
                f"Took longer than {seconds:g} s to parse.", hint="Split or simplify the document."
            )
        except (_EndedError, BrokenPipeError):
            return self._explain_end()
        except (KeyError, TypeError, ValueError) as error:
            self.close()
            return ParseError(f"The parser gave an answer of another shape ({error}).", hint=_AGAIN)
        self._served += 1
        if self._is_worn(reply):
            self.close()
        return result

    def close(self) -> None:
        """Kill the worker and everything it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                stream.close()
        self._errors = None
        self._served = 0

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = self._start()
        return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        process = subprocess.Popen(  # noqa: S603  # this interpreter, fixed arguments
            # -P keeps the current folder, which may hold the documents, out of the import path.
            [sys.executable, "-P", "-s", "-m", "headrace.ingest.parsing.worker", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            env=_environment(),
            cwd=tempfile.gettempdir(),
            start_new_session=True,
        )
        self._process = process
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
        settings = {"memory_mb": self._config.memory_mb, "max_input_bytes": self._config.max_input_bytes}
        deadline = time.monotonic() + _START_SECONDS
        _write(process, pack(settings), deadline=deadline)
        _read(process, deadline=deadline)
        return process

    def _request(self, name: str, content: Content) -> bytes:
        return pack(
            {
                "name": name,
                "data": content.data,
                "media_type": content.media_type,
                "charset": content.charset,
                "timeout_seconds": self._config.timeout_seconds,
                "max_input_bytes": self._config.max_input_bytes,
                "max_text_chars": self._config.max_text_chars,
            }
        )

    def _is_worn(self, reply: dict[str, Any]) -> bool:
        limit = _RECYCLE_SHARE * self._config.memory_mb * 1024 * 1024
        too_large = int(reply.get("resident_bytes", 0)) > limit
        return bool(reply.get("leave")) or too_large or self._served >= self._config.documents_per_worker

    def _explain_end(self) -> DocumentError:
        """Why the worker ended, from its exit and its last words."""
        process, errors = self._process, self._errors
        last_words = b""
        code = 0
        if process is not None and errors is not None:
            code = process.wait()
            errors.seek(0, os.SEEK_END)
            errors.seek(max(0, errors.tell() - 4096))
            last_words = errors.read()
        self.close()
        if any(words in last_words for words in _MEMORY_WORDS):
            return LimitExceeded(
                f"Needs more memory than {self._config.memory_mb} MB.", hint="Split the document."
            )
        if code == -signal.SIGXCPU:
            return LimitExceeded(
                "Took more processor time than allowed.", hint="Split or simplify the document."
            )
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ParseError(f"The parser crashed ({how}).", hint=_AGAIN, how=how)


def _environment() -> dict[str, str]:
    """Nothing secret: what the interpreter needs, and one thread for each library."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    package_root = str(Path(__file__).resolve().parents[3])
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [package_root, *(str(Path(entry).resolve()) for entry in inherited if entry)]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "RAYON_NUM_THREADS": "1",
        "TOKIO_WORKER_THREADS": "1",
    }


def _write(process: subprocess.Popen[bytes], frame: bytes, *, deadline: float) -> None:
    stream = process.stdin
    if stream is None:
        raise _EndedError
    rest = memoryview(frame)
    descriptor = stream.fileno()
    while rest:
        _wait(descriptor, select.POLLOUT, deadline=deadline)
        with contextlib.suppress(BlockingIOError):
            rest = rest[os.write(descriptor, rest[:_READ_BYTES]) :]


def _read(process: subprocess.Popen[bytes], *, deadline: float) -> dict[str, Any]:
    (length,) = HEADER.unpack(_read_exactly(process, HEADER.size, deadline=deadline))
    return unpack(_read_exactly(process, length, deadline=deadline))


def _read_exactly(process: subprocess.Popen[bytes], length: int, *, deadline: float) -> bytes:
    stream = process.stdout
    if stream is None:
        raise _EndedError
    received = bytearray()
    descriptor = stream.fileno()
    while len(received) < length:
        _wait(descriptor, select.POLLIN, deadline=deadline)
        with contextlib.suppress(BlockingIOError):
            piece = os.read(descriptor, min(_READ_BYTES, length - len(received)))
            if not piece:
                raise _EndedError
            received += piece
    return bytes(received)


def _wait(descriptor: int, event: int, *, deadline: float) -> None:
    remaining = deadline - time.monotonic()
    poll = select.poll()
    poll.register(descriptor, event)
    if remaining <= 0 or not poll.poll(remaining * 1000):
        raise _LateError


def _result(reply: dict[str, Any]) -> ParsedDocument | DocumentError:
    if "document" in reply:
        return document_from_map(reply["document"])
    return error_from_map(reply["error"])
