"""Commands that are grouped under a noun, such as `headrace index list`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from headrace.cli.commands.call import CALLING
from headrace.cli.commands.dead_letter import LETTERS
from headrace.cli.commands.embed import EMBEDDING
from headrace.cli.commands.feature import FEATURES
from headrace.cli.commands.gate import TESTING
from headrace.cli.commands.gate_quality import QUALITY
from headrace.cli.commands.index import LISTING
from headrace.cli.commands.index_care import CARE
from headrace.cli.commands.index_metadata import METADATA
from headrace.cli.commands.index_switch import SWITCHING
from headrace.cli.commands.pii import SCANNING
from headrace.cli.commands.prompt import WRITING
from headrace.cli.commands.prompt_labels import LABELLING
from headrace.cli.commands.quarantine import QUARANTINE
from headrace.cli.commands.step import STEPPING


class Group(NamedTuple):
    """A noun with its verbs."""

    name: str
    help: str
    commands: Sequence[tuple[str, Callable[..., int], str]]
    """Verb, function, example."""
    groups: Sequence[Group] = ()
    """Nouns below it, such as `headrace gate quarantine list`."""


GROUPS: Sequence[Group] = (
    Group("index", "See, build, compare and switch generations.", [*LISTING, *SWITCHING, *CARE, *METADATA]),
    Group("embed", "Check the embedder; see and retry what it refused.", EMBEDDING),
    Group("pii", "Find personal data and secrets.", SCANNING),
    Group("prompt", "Write, check, release and roll back prompts.", [*WRITING, *LABELLING]),
    Group(
        "gate",
        "See and try the checks of documents, and what they keep out; find poor ones.",
        [*TESTING, *QUALITY],
        [Group("quarantine", "See what gates keep out, and decide about it.", QUARANTINE)],
    ),
    Group("step", "See what models write of documents.", STEPPING),
    Group("call", "Call models with prompts; outputs are checked.", CALLING),
    Group("feature", "Values of entities, the same for training rows and for calls.", FEATURES),
    Group("dead-letter", "Calls whose output never became valid: see, replay and close them.", LETTERS),
)


def flat(groups: Sequence[Group] = GROUPS, words: str = "") -> Iterator[tuple[str, str]]:
    """Every command of these groups: the nouns before it, and its verb."""
    for group in groups:
        nouns = f"{words}{group.name}"
        for verb, _, _ in group.commands:
            yield nouns, verb
        yield from flat(group.groups, f"{nouns} ")
