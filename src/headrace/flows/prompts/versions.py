"""Which version of a prompt is meant: the working tree, a label, a digest or the start of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from headrace.errors import ConfigError, NotFoundError, UsageError
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.file import BUILTIN, examine, load_prompt, prompt_names
from headrace.infer.prompts.shape import KIND
from headrace.infer.prompts.store import get_version
from headrace.ledger import refs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.prompts.parts import PromptParts

WORKING_TREE = "working-tree"
"""What the version in the file is called. As a label it holds the versions that were called from there."""

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHORTEST = 4


class Version(NamedTuple):
    """A version and the word by which it was found."""

    word: str
    prompt: Prompt


class Read(NamedTuple):
    """A file of the working tree."""

    prompt: Prompt | None
    errors: list[ConfigError]


def label_ref(name: str, label: str) -> str:
    """The ref of a label."""
    return f"{KIND}/{name}/{label}"


def check_label(label: str) -> str:
    """A label that may be given. Raises UsageError."""
    if not _LABEL.fullmatch(label) or label == WORKING_TREE or label.startswith(f"{KIND}_"):
        raise UsageError(
            f"{label!r} cannot be a label.",
            hint="Letters, digits, '.', '_' and '-', at most 64; for example production, staging or v2.",
        )
    return label


def history(conn: Connection, name: str) -> list[refs.RefRow]:
    """Every step of every label of a prompt, oldest first."""
    return refs.under(conn, label_ref(name, ""))


def labels(conn: Connection, name: str) -> dict[str, str]:
    """Label to version, as of now."""
    start = len(label_ref(name, ""))
    found = {row.name[start:]: row.artifact for row in history(conn, name)}
    return {label: digest for label, digest in sorted(found.items()) if label != WORKING_TREE}


def find(parts: PromptParts, conn: Connection, name: str, word: str | None = None) -> Version:
    """The version that a word means; without one the file, or what serves where there is no file.

    Raises NotFoundError with what there is, ConfigError for a file that is wrong.
    """
    environment = parts.releases.environment
    if word is None:
        is_file = name in BUILTIN or (parts.folder / f"{name}.md").is_file()
        word = WORKING_TREE if is_file or not history(conn, name) else environment
    if word == WORKING_TREE:
        return Version(word, load_prompt(parts.folder, name))
    digest = released(parts, conn, name) if word == environment else None
    digest = digest or labels(conn, name).get(word) or _by_digest(conn, name, word)
    prompt = None if digest is None else get_version(conn, name, digest)
    if prompt is None:
        raise _unknown(parts, conn, name, word)
    return Version(word, prompt)


def released(parts: PromptParts, conn: Connection, name: str) -> str | None:
    """The version that calls take."""
    release = parts.releases.current(conn)
    return None if release is None else release.prompts.get(name)


def working_tree(parts: PromptParts) -> dict[str, Read]:
    """Every prompt file, by name; a file without front matter that others include is a part, and left out."""
    folder = parts.folder
    found = {name: Read(*examine(folder, name)) for name in prompt_names(folder)}
    included = {path for read in found.values() if read.prompt is not None for path in read.prompt.includes}
    # What has front matter cannot be included, so no prompt of its own is left out.
    return {name: read for name, read in found.items() if f"{name}.md" not in included}


def _by_digest(conn: Connection, name: str, word: str) -> str | None:
    start = f"{KIND}_{word.removeprefix(f'{KIND}_')}"
    fits = {row.artifact for row in history(conn, name) if row.artifact.startswith(start)}
    if len(fits) > 1 and len(word) >= _SHORTEST:
        raise UsageError(
            f"{word!r} means {len(fits)} versions of prompt {name!r}: {', '.join(sorted(fits))}.",
            hint="Write more of the digest.",
        )
    return fits.pop() if len(fits) == 1 and len(start) >= len(KIND) + 1 + _SHORTEST else None


def _unknown(parts: PromptParts, conn: Connection, name: str, word: str) -> NotFoundError:
    rows = history(conn, name)
    digests = dict.fromkeys(row.artifact for row in reversed(rows))
    if not rows:
        return NotFoundError(
            "released version of prompt",
            name,
            hint=f"Release its file first: headrace prompt label {name} {parts.releases.environment}",
        )
    known = [WORKING_TREE, *labels(conn, name), *digests]
    return NotFoundError(f"version of prompt {name!r} called", word, known=known)
