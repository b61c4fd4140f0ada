"""Commands that are grouped under a noun, such as `headrace index list`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from headrace.cli.commands.cache import CACHING
from headrace.cli.commands.embed import EMBEDDING
from headrace.cli.commands.gate import TESTING
from headrace.cli.commands.index import LISTING
from headrace.cli.commands.index_care import CARE
from headrace.cli.commands.index_metadata import METADATA
from headrace.cli.commands.index_switch import SWITCHING
from headrace.cli.commands.pii import SCANNING
from headrace.cli.commands.vault import KEEPING


class Group(NamedTuple):
    """A noun with its verbs."""

    name: str
    help: str
    commands: Sequence[tuple[str, Callable[..., int], str]]
    """Verb, function, example."""


GROUPS: Sequence[Group] = (
    Group("index", "See, build, compare and switch generations.", [*LISTING, *SWITCHING, *CARE, *METADATA]),
    Group("embed", "Check the embedder; see and retry what it refused.", EMBEDDING),
    Group("pii", "Find personal data and secrets.", SCANNING),
    Group("vault", "See what the vault holds, reveal a value, rotate its keys.", KEEPING),
    Group("cache", "See and clear the outputs that answer calls again.", CACHING),
    Group("gate", "See the checks of documents; try them on a file.", TESTING),
)
