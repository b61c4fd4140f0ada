"""Files below the prompts folder, and no others."""

from __future__ import annotations

from pathlib import Path

LARGEST_TEXT_BYTES = 1_000_000


class FileRefused(ValueError):
    """A path that leads out of the folder, to nothing, or to what cannot be used."""


def confined(folder: Path | None, given: str) -> Path:
    """The file that a path below `folder` means. Raises FileRefused, also for a link that leads out."""
    parts = given.split("/")
    if not given or "\0" in given or "\\" in given or any(part in ("", ".", "..") for part in parts):
        raise FileRefused(f"{given!r} is not a path below prompts/, such as 'parts/tone.md'")
    if folder is None:
        raise FileRefused(f"{given!r} cannot be read: this prompt has no folder")
    path = folder.joinpath(*parts)
    if not path.is_file():
        raise FileRefused(f"{given!r} is not a file of prompts/")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise FileRefused(f"{given!r} leads out of prompts/")
    return path


def read_confined(folder: Path | None, given: str) -> str:
    """The text of such a file, with line ends as `\\n`. Raises FileRefused."""
    path = confined(folder, given)
    try:
        if path.stat().st_size > LARGEST_TEXT_BYTES:
            raise FileRefused(f"{given!r} is larger than {LARGEST_TEXT_BYTES:,} bytes")
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefused(f"{given!r} cannot be read as UTF-8 text: {error}") from error
