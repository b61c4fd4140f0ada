"""Find out which documents a reference means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError
from headrace.flows.forget.context import ForgetContext
from headrace.ledger import documents, failures, generations, lineage, near_duplicates, observations
from headrace.ledger.documents import DocumentState
from headrace.ledger.erasure.scope import Target

if TYPE_CHECKING:
    from sqlalchemy import Connection

SOURCE, SUBJECT = "source:", "subject:"
_MOVED = "moved_from"


def resolve(context: ForgetContext, conn: Connection, ref: str) -> list[Target]:
    """The documents of a URI, `corpus:URI`, file name, `source:NAME` or `subject:VALUE`, with former names.

    Raises NotFoundError, also where a file name fits several documents.
    """
    name = ref.strip()
    subject = subject_of(ref)
    if name.startswith(SOURCE):
        found = _by_source(context, conn, name.removeprefix(SOURCE).strip())
    elif subject is not None:
        found = _by_subject(context, conn, subject)
    else:
        found = _by_name(context, conn, name)
    if not found:
        raise NotFoundError(
            "document, source or subject",
            ref,
            hint="Name a document by its URI, or write source:NAME or subject:VALUE. "
            "What was forgotten before is not known by its name any more.",
        )
    return _with_former_names(conn, found)


def subject_of(ref: str) -> str | None:
    """The VALUE of `subject:VALUE`."""
    name = ref.strip()
    return name.removeprefix(SUBJECT).strip() if name.startswith(SUBJECT) else None


def known(context: ForgetContext, conn: Connection) -> Iterator[tuple[Target, str]]:
    """Every document the ledger knows in any way, with its source."""
    for corpus in context.corpora:
        for generation in generations.list(conn, corpus):
            for state in documents.load_brief(conn, generation.id):
                yield Target(corpus, state.uri), state.source
            for uri, source in near_duplicates.alias_sources(conn, generation.id).items():
                yield Target(corpus, uri), source
        for observation in observations.load(conn, corpus).values():
            yield Target(corpus, observation.uri), observation.source
        for failure in failures.list(conn, corpus):
            yield Target(corpus, failure.uri), ""


def spellings(corpus: str, name: str) -> set[str]:
    """The URIs that a name may mean in a corpus: itself, `corpus:URI` and `corpus/URI`."""
    return {name, name.removeprefix(f"{corpus}:"), name.removeprefix(f"{corpus}/")}


def _by_name(context: ForgetContext, conn: Connection, name: str) -> list[Target]:
    everything = sorted({target for target, _ in known(context, conn)})
    exact = [target for target in everything if target.uri in spellings(target.corpus, name)]
    if exact:
        return exact
    close = [target for target in everything if target.uri.endswith(f"/{name}")]
    if len(close) > 1:
        raise NotFoundError(
            "document", name, known=[target.name for target in close], hint="Name one of them in full."
        )
    return close


def _by_source(context: ForgetContext, conn: Connection, name: str) -> list[Target]:
    return sorted({target for target, source in known(context, conn) if source == name})


def _by_subject(context: ForgetContext, conn: Connection, value: str) -> list[Target]:
    return _states(context, conn, lambda state: str(state.metadata.get(context.subject_field)) == value)


def _states(
    context: ForgetContext, conn: Connection, wanted: Callable[[DocumentState], bool]
) -> list[Target]:
    return sorted(
        {
            Target(corpus, state.uri)
            for corpus in context.corpora
            for generation in generations.list(conn, corpus)
            for state in documents.load(conn, generation.id)
            if wanted(state)
        }
    )


def _with_former_names(conn: Connection, found: list[Target]) -> list[Target]:
    """The documents with the names they had before they moved, unless others have these now."""
    all_names = dict.fromkeys(found)
    queue = list(found)
    while queue:
        target = queue.pop()
        for edge in lineage.upstream(conn, target.name):
            corpus, _, uri = edge.source.partition("/")
            former = Target(corpus, uri)
            if edge.activity == _MOVED and former not in all_names and not documents.holders(conn, uri):
                all_names[former] = None
                queue.append(former)
    return list(all_names)
