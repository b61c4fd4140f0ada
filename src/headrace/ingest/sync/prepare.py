"""Read, parse and chunk documents in bounded batches; nothing is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from headrace.errors import DocumentError, GateStopped, LimitExceeded
from headrace.ingest.gates.deciding import KeptOut
from headrace.ingest.gates.gating import tagged
from headrace.ingest.index.values import serve
from headrace.ingest.quality.content import ContentQuality, content_qualities
from headrace.ingest.steps.tasks import StepInput
from headrace.ingest.steps.work import Stepped
from headrace.ingest.sync.changes import Candidate
from headrace.ingest.sync.changes import KeptOut as Forgetting
from headrace.ledger.dead_letters import Refused
from headrace.ledger.identity import digest, digest_bytes, digest_text
from headrace.ledger.metadata import schema_digest
from headrace.ledger.steps.states import StepState
from headrace.ledger.verdicts import Judged
from headrace.records.document import ChunkSpan, Content, ParsedDocument, SourceItem, Value
from headrace.records.gates import Judgement
from headrace.records.metadata import MetadataSchema

_BATCH_DOCUMENTS = 512
_BATCH_STEPPED = 64
"""With LLM steps: models are slow, and what they wrote should be served soon."""
_BATCH_BYTES = 32 * 1024 * 1024


class ParseMany(Protocol):
    """Parse documents in input order; an error comes back in place of its document."""

    def __call__(
        self, items: Iterable[tuple[str, str, Content]]
    ) -> Iterator[tuple[str, ParsedDocument | DocumentError]]: ...


ChunkMany = Callable[[Sequence[ParsedDocument]], list[list[ChunkSpan]]]
StepMany = Callable[[Sequence[StepInput]], list[Stepped]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document ready to be embedded and indexed; the chunk columns have equal length."""

    candidate: Candidate
    revision: str
    input_digest: str
    digest: str
    title: str | None
    media_type: str
    metadata: Mapping[str, Value]
    metadata_schema: str
    """Digest of the schema that the metadata stand under."""
    misfits: Mapping[str, Any]
    quality: ContentQuality
    spans: Sequence[ChunkSpan]
    texts: Sequence[str]
    text_hashes: Sequence[str]
    chunk_ids: Sequence[str]
    judgement: Judgement | None = None
    """What the gates said of it; None where the corpus has none."""
    content: str = ""
    """What it is compared by with other documents; empty where they are not compared."""
    steps: tuple[StepState, ...] = ()
    """What its LLM steps, and gates that ask a model, came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A document that was read and holds what the generation already has."""

    candidate: Candidate
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A document that could not be prepared or embedded."""

    candidate: Candidate
    stage: str
    error: str
    refused: tuple[Refused, ...] = ()
    """Its texts that the embedder refused."""
    judged: Judged | None = None
    """The judgement that keeps it out."""
    steps: tuple[StepState, ...] = ()
    """What came of asking models about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A document whose bytes were forgotten; it is not parsed."""

    candidate: Candidate


Outcome = Prepared | Touched | Failed | Forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    candidate: Candidate
    content: Content
    revision: str
    input_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What makes documents out of bytes."""

    corpus: str
    parse_many: ParseMany
    chunk_many: ChunkMany
    schema: MetadataSchema
    step_many: StepMany | None = None
    """The LLM steps of the corpus; None where it has none."""
    asked: Callable[[str], tuple[StepState, ...]] = lambda _: ()
    """URI to what came of the questions of its gates, once."""
    kept_out: Forgetting | None = None
    """Tells of a candidate and its revision whether they were forgotten."""
    sign: Callable[[Sequence[str]], list[str]] | None = None
    """From texts to what they are compared by with other documents."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """URI to the name of a gate that its metadata are to name."""


def prepare(candidates: Sequence[Candidate], making: Making) -> Iterator[list[Outcome]]:
    """Yield outcomes in batches: at most 512 documents, 64 with LLM steps, or about 32 MB of raw bytes."""
    most = _BATCH_DOCUMENTS if making.step_many is None else min(_BATCH_DOCUMENTS, _BATCH_STEPPED)
    schema = schema_digest(making.schema)
    batch: list[_Read] = []
    outcomes: list[Outcome] = []
    size = 0
    for candidate in candidates:
        outcome = _read(candidate, making, schema)
        if isinstance(outcome, _Read):
            batch.append(outcome)
            size += len(outcome.content.data)
        else:
            outcomes.append(outcome)
        if len(batch) + len(outcomes) >= most or size >= _BATCH_BYTES:
            yield [*outcomes, *_prepare_batch(batch, making, schema)]
            batch, outcomes, size = [], [], 0
    if batch or outcomes:
        yield [*outcomes, *_prepare_batch(batch, making, schema)]


def _read(candidate: Candidate, making: Making, schema: str) -> _Read | Touched | Failed | Forgotten:
    try:
        content = candidate.item.read()
    except DocumentError as error:
        return Failed(candidate=candidate, stage=_stage(error, "read"), error=error.message)
    except OSError as error:
        return Failed(
            candidate=candidate, stage="read", error=f"{type(error).__name__}: {error.strerror or error}"
        )
    revision = digest_bytes("rev", content.data)
    if making.kept_out is not None and making.kept_out(candidate, revision):
        return Forgotten(candidate=candidate)
    input_digest = input_digest_of(revision, candidate.item)
    state = candidate.state
    if (
        state is not None
        and not candidate.again
        and (state.input_digest, state.metadata_schema) == (input_digest, schema)
    ):
        return Touched(candidate=candidate, revision=revision)
    return _Read(candidate=candidate, content=content, revision=revision, input_digest=input_digest)


def _prepare_batch(batch: Sequence[_Read], making: Making, schema: str) -> Iterator[Outcome]:
    reads = {read.candidate.item.uri: read for read in batch}
    named = ((uri, uri.rsplit("/", 1)[-1], _dated(read)) for uri, read in reads.items())
    parsed: list[tuple[_Read, ParsedDocument]] = []
    for uri, result in making.parse_many(named):
        if isinstance(result, DocumentError):
            yield _failed(reads[uri], result, making.asked(uri))
        else:
            parsed.append((reads[uri], result))
    contents = [""] * len(parsed)
    if making.sign is not None:
        contents = making.sign([document.text for _, document in parsed])
    qualities = content_qualities([(read.candidate.item.uri, document) for read, document in parsed])
    stepped = _stepped(parsed, making)
    spans = making.chunk_many([item.document for item in stepped])
    for (read, _), item, document_spans, content, quality in zip(
        parsed, stepped, spans, contents, qualities, strict=True
    ):
        tag = making.tags.get(read.candidate.item.uri)
        shown = item if tag is None else replace(item, document=tagged(item.document, tag))
        made = _prepared(read, shown, document_spans, making, schema, quality)
        yield replace(made, content=content) if content and isinstance(made, Prepared) else made


def _failed(read: _Read, error: DocumentError, steps: tuple[StepState, ...]) -> Failed:
    judged = None
    if isinstance(error, KeptOut):
        item = read.candidate.item
        judged = Judged(item.uri, read.revision, item.stamp, error.judgement)
    stage = _stage(error, "parse")
    return Failed(candidate=read.candidate, stage=stage, error=error.message, judged=judged, steps=steps)


def _stepped(parsed: Sequence[tuple[_Read, ParsedDocument]], making: Making) -> Sequence[Stepped]:
    if making.step_many is None:
        return [Stepped(document=document) for _, document in parsed]
    return making.step_many(
        [
            StepInput(
                uri=read.candidate.item.uri,
                revision=read.revision,
                document=document,
                declared=read.candidate.item.metadata,
            )
            for read, document in parsed
        ]
    )


def _prepared(
    read: _Read,
    stepped: Stepped,
    spans: Sequence[ChunkSpan],
    making: Making,
    schema: str,
    quality: ContentQuality,
) -> Prepared | Touched:
    uri, document = read.candidate.item.uri, stepped.document
    texts = [document.text[span.start : span.end] for span in spans]
    if stepped.derived and spans:
        # What a model wrote stands nowhere in the text: its span is empty, its heading says who wrote it.
        texts += [derived.text for derived in stepped.derived]
        spans = [
            *spans,
            *(
                ChunkSpan(start=0, end=0, page=None, headings=(f"Written by step {derived.step}",))
                for derived in stepped.derived
            ),
        ]
    text_hashes = [digest_text("text", text) for text in texts]
    seen: Counter[str] = Counter()
    chunk_ids: list[str] = []
    for text_hash in text_hashes:
        chunk_ids.append(digest("chunk", [making.corpus, uri, text_hash, seen[text_hash]]))
        seen[text_hash] += 1
    metadata, misfits = serve(raw_metadata(read.candidate.item, document), making.schema)
    name = document_digest(uri, read.revision, chunk_ids, text_hashes, metadata)
    states = (*making.asked(uri), *stepped.states)
    if _waits_still(read.candidate, name, states, (read.input_digest, schema)):
        return Touched(candidate=read.candidate, revision=read.revision)
    return Prepared(
        candidate=read.candidate,
        revision=read.revision,
        input_digest=read.input_digest,
        digest=name,
        title=document.title,
        media_type=document.media_type,
        metadata=metadata,
        metadata_schema=schema,
        misfits=misfits,
        quality=quality,
        spans=spans,
        texts=texts,
        text_hashes=text_hashes,
        chunk_ids=chunk_ids,
        judgement=document.judgement,
        steps=states,
    )


def _waits_still(
    candidate: Candidate, name: str, states: Sequence[StepState], stands: tuple[str, str]
) -> bool:
    """Whether a document that was read again for its steps is what it was, and waits as it did."""
    state = candidate.state
    return (
        candidate.again
        and state is not None
        and state.digest == name
        and (state.input_digest, state.metadata_schema) == stands
        and any(step.state == "waiting" for step in states)
    )


def document_digest(
    uri: str,
    revision: str,
    chunk_ids: Sequence[str],
    text_hashes: Sequence[str],
    metadata: Mapping[str, Value],
) -> str:
    """The name of what a generation holds of a document."""
    return digest("doc", [uri, revision, list(chunk_ids), list(text_hashes), dict(metadata)])


def input_digest_of(revision: str, item: SourceItem) -> str:
    """The name of everything that goes into the stages."""
    return digest("input", [revision, dict(item.metadata)])


def raw_metadata(item: SourceItem, document: ParsedDocument) -> dict[str, Value]:
    """What the source and the document itself say; the source has the last word."""
    merged: dict[str, Value] = {**document.metadata, **item.metadata}
    merged["media_type"] = document.media_type
    if document.title is not None:
        merged.setdefault("title", document.title)
    return merged


def _dated(read: _Read) -> Content:
    return replace(read.content, modified_at_us=read.candidate.item.modified_at_us)


def _stage(error: DocumentError, stage: str) -> str:
    if isinstance(error, GateStopped):
        return error.stage
    return "limit" if isinstance(error, LimitExceeded) else stage
