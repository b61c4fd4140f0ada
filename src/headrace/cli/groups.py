"""Commands that are grouped under a noun, such as `headrace index list`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from headrace.cli.commands.cache import CACHING
from headrace.cli.commands.call import CALLING
from headrace.cli.commands.consent import CONSENTS
from headrace.cli.commands.curate import CURATING
from headrace.cli.commands.curate_report import REPORTING
from headrace.cli.commands.curate_review import REVIEWING
from headrace.cli.commands.dataset import DATASETS
from headrace.cli.commands.dataset_files import FILES
from headrace.cli.commands.dead_letter import LETTERS
from headrace.cli.commands.embed import EMBEDDING
from headrace.cli.commands.eval import EVALS
from headrace.cli.commands.eval_case import CASES
from headrace.cli.commands.feature import FEATURES
from headrace.cli.commands.gate import TESTING
from headrace.cli.commands.gate_quality import QUALITY
from headrace.cli.commands.index import LISTING
from headrace.cli.commands.index_care import CARE
from headrace.cli.commands.index_metadata import METADATA
from headrace.cli.commands.index_switch import SWITCHING
from headrace.cli.commands.key import KEYS
from headrace.cli.commands.loop import LOOPING
from headrace.cli.commands.model import MODELS
from headrace.cli.commands.pii import SCANNING
from headrace.cli.commands.profile import PROFILES
from headrace.cli.commands.prompt import WRITING
from headrace.cli.commands.prompt_labels import LABELLING
from headrace.cli.commands.quarantine import QUARANTINE
from headrace.cli.commands.release import RELEASES
from headrace.cli.commands.schema import VERSIONING
from headrace.cli.commands.schema_records import READING
from headrace.cli.commands.session import SESSIONS
from headrace.cli.commands.signal import SIGNALS
from headrace.cli.commands.signal_audit import AUDITS
from headrace.cli.commands.step import STEPPING
from headrace.cli.commands.trace import TRACES
from headrace.cli.commands.trace_keeping import HOLDS, TRACE_KEEPING
from headrace.cli.commands.trace_quarantine import TRACE_QUARANTINE
from headrace.cli.commands.trace_send import SENDING
from headrace.cli.commands.vault import KEEPING


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
    Group("schema", "Version output schemas, migrate and check what is stored.", [*VERSIONING, *READING]),
    Group(
        "gate",
        "See and try the checks of documents; decide what waits.",
        [*TESTING, *QUALITY],
        [Group("quarantine", "See what gates keep out, and decide about it.", QUARANTINE)],
    ),
    Group("step", "See what models write of documents.", STEPPING),
    Group(
        "call",
        "Call models with prompts; outputs are checked.",
        CALLING,
        [Group("cache", "See and clear the outputs that answer calls again.", CACHING)],
    ),
    Group("session", "What was said in conversations.", SESSIONS),
    Group("profile", "What is known of users, by schema, with every change.", PROFILES),
    Group("feature", "Values of entities, the same for training rows and for calls.", FEATURES),
    Group(
        "signal",
        "What users said of answers and did with them.",
        SIGNALS,
        [Group("audit", "Judge random samples of answers.", AUDITS)],
    ),
    Group("release", "What is pinned, what passed, and what serves.", RELEASES),
    Group("dataset", "Rows in versions: checked, compared, split and exported.", [*DATASETS, *FILES]),
    Group("model", "Models, and the data that made them.", MODELS),
    Group(
        "trace",
        "Find, see, export and keep what was asked and answered.",
        [*TRACES, *TRACE_KEEPING, *SENDING],
        [
            Group("hold", "Keep traces from being moved or deleted.", HOLDS),
            Group(
                "quarantine", "See what arrived and could not be kept, and decide about it.", TRACE_QUARANTINE
            ),
        ],
    ),
    Group("consent", "What users allow to be done with what they said.", CONSENTS),
    Group(
        "eval",
        "Golden sets, eval runs, and verdicts about changes.",
        EVALS,
        [Group("case", "The cases of golden sets.", CASES)],
    ),
    Group("loop", "From new documents to what serves, in one command.", LOOPING),
    Group(
        "curate",
        "Make cases and training rows of traces; see the gaps.",
        [*CURATING, *REVIEWING, *REPORTING],
    ),
    Group("key", "Keys for callers over HTTP: who may ask what, and how much.", KEYS),
    Group("dead-letter", "See, replay and close calls without a valid output.", LETTERS),
    Group("vault", "See what the vault holds, reveal a value, rotate its keys.", KEEPING),
)


def flat(groups: Sequence[Group] = GROUPS, words: str = "") -> Iterator[tuple[str, str]]:
    """Every command of these groups: the nouns before it, and its verb."""
    for group in groups:
        nouns = f"{words}{group.name}"
        for verb, _, _ in group.commands:
            yield nouns, verb
        yield from flat(group.groups, f"{nouns} ")
