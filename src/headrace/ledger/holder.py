"""Who holds a lease: one thread of one process of one boot of one machine, and whether it still lives."""

from __future__ import annotations

import os
import secrets
import socket
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


def describe_self() -> str:
    """A new description of the caller: `pid=… host=… boot=… space=… start=… nonce=…`."""
    pid = os.getpid()
    started = _started(pid) or "unknown"
    return f"pid={pid} {_machine()} start={started} nonce={secrets.token_hex(4)}"


def is_dead(holder: str) -> bool:
    """Whether a holder is a process of this boot of this machine that lives no more.

    False also means "cannot be known from here"; such a lease ends with its time to live.
    """
    facts = dict(part.split("=", 1) for part in holder.split(" ") if "=" in part)
    here = dict(part.split("=", 1) for part in _machine().split(" "))
    if any(facts.get(key) != value or value == "unknown" for key, value in here.items()):
        return False
    pid, started = facts.get("pid", ""), facts.get("start")
    return pid.isdecimal() and started not in (None, "unknown") and _started(int(pid)) != started


@lru_cache(maxsize=1)
def _machine() -> str:
    host = socket.gethostname().replace(" ", "_") or "unknown"
    boot = _read(_PROC / "sys/kernel/random/boot_id") or "unknown"
    return f"host={host} boot={boot} space={_process_space()}"


def _process_space() -> str:
    # Containers of one machine share its boot and may share its name, but not their process ids.
    try:
        return os.readlink(_PROC / "self/ns/pid").strip("pid:[]") or "unknown"
    except OSError:
        return "unknown"


def _started(pid: int) -> str | None:
    """Clock ticks from boot to the start of a process; None when it is gone or only waits to be reaped."""
    stat = _read(_PROC / str(pid) / "stat")
    if stat is None:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
