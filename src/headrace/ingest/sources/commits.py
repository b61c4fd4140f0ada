"""When files were last committed, for sources with `dates = "git"`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from headrace.errors import ReadError

_SECONDS = 120
_MARK = "\x01"
_LOG = (
    *("git", "-c", "core.quotepath=off", "-c", "log.showSignature=false", "log"),
    *("--no-renames", "--name-only", "--relative", f"--format={_MARK}%ct", "--", "."),
)


def commit_times_us(folder: str) -> Mapping[str, int]:
    """Path below a folder to the time of the last commit that touched it, UTC microseconds.

    One call of git for all of them. Raises ReadError where there is no git or no work tree.
    """
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, in a folder of the configuration
            _LOG, cwd=folder, env=environment, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReadError(f"git could not be asked about {folder!r}: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().split("\n", 1)[0]
        raise ReadError(f"git knows no commits of {folder!r}: {said}")
    times: dict[str, int] = {}
    time_us = 0
    for line in done.stdout.decode(errors="surrogateescape").splitlines():
        if line.startswith(_MARK):
            time_us = int(line.removeprefix(_MARK)) * 1_000_000
        elif line:
            times.setdefault(line, time_us)
    return times
