"""`ask`: retrieve, render the prompt, call the model, check the citations, record it all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from headrace.errors import HeadraceError, StorageError
from headrace.flows.calls import (
    NOBODY,
    Started,
    Trace,
    Who,
    cited_refs,
    failed_span,
    retrieved_refs,
    search_span,
)
from headrace.flows.citations import Checked, check
from headrace.flows.holding import holding
from headrace.flows.prompts.filling import Filled, Filler
from headrace.flows.sessions.conversation import Conversation
from headrace.flows.sessions.placing import rendered
from headrace.infer.models.base import GenerateRequest, Generation, Model, Passage
from headrace.infer.prompts.base import Prompt
from headrace.ingest.search.retrieve import Query, Retrieval, Retriever
from headrace.ledger.events.base import EventStore
from headrace.observe.sessions.log import appended
from headrace.records.call import SpanEvent
from headrace.records.search import Answer, Hit
from headrace.records.sessions import History, TurnInput
from headrace.ship.releases import Releases

NOTHING = "Nothing relevant was found in the documents."
"""What an answer says when there is no ground for one."""
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """What an answer is made with."""

    retriever: Retriever
    model: Model
    prompt: Prompt
    releases: Releases
    events: EventStore
    who: Who = NOBODY
    talk: Conversation | None = None
    """The session that it is asked in."""
    features: Filler | None = None
    """Brings the features and the profile that the prompt declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What one attempt works with."""

    question: str
    """As it was asked."""
    query: Query
    """What is searched for: for a follow-up a whole question."""
    history: History
    filled: Filled
    warnings: tuple[str, ...] = ()


def ask(asker: Asker, query: Query) -> Answer:
    """Answer a question. The call is durable before the answer is returned, a failed one too.

    A model may take long: where a document was hidden or forgotten meanwhile, it is asked again without it.
    In a session, question and answer are added to it before the answer is returned.
    """
    given = _given(asker, query)
    for _ in range(_ATTEMPTS):
        answer = _ask(asker, given)
        if answer is not None:
            return answer
    raise StorageError("The documents changed faster than they could be read.", hint="Ask again.")


def rehearse(asker: Asker, query: Query) -> tuple[Answer, list[SpanEvent]]:
    """Answer a question without recording anything; gives the spans that `ask` would have written."""
    trace = Trace(events=asker.events, who=asker.who)
    root = Started(trace_id=trace.trace_id, parent_span_id=None)
    answer, _ = _answer(asker, _given(asker, query), trace, root, "")
    return answer, trace.spans


def _given(asker: Asker, query: Query) -> _Given:
    """The question with what its session and its user bring to it."""
    filled = asker.features(asker.prompt, {}) if asker.features else Filled()
    talk = asker.talk
    if talk is None:
        return _Given(question=query.text, query=query, history=History(), filled=filled)
    whole, warnings = talk.whole(query.text)
    history = talk.history(whole)
    return _Given(
        question=query.text,
        query=replace(query, text=whole),
        history=history,
        filled=filled,
        warnings=(*warnings, *history.warnings),
    )


def _ask(asker: Asker, given: _Given) -> Answer | None:
    query, question = given.query, given.question
    trace = Trace(events=asker.events, who=asker.who)
    root = Started(trace_id=trace.trace_id, parent_span_id=None)
    release = asker.releases.pin(
        model=asker.model.identity,
        prompt={"name": asker.prompt.name, "digest": asker.prompt.digest},
        version=asker.prompt,
    )
    try:
        answer, retrieval = _answer(asker, given, trace, root, release)
    except HeadraceError as error:
        trace.add(failed_span(root, name=f"ask {query.corpus}", kind="ask", error=error, question=question))
        trace.write()
        raise
    if _gone(asker, query, retrieval):
        hidden = StorageError("A document was hidden while the model answered: it is asked again without it.")
        trace.spans.clear()
        trace.add(failed_span(root, name=f"ask {query.corpus}", kind="ask", error=hidden, question=question))
        trace.write()
        return None
    trace.write()
    if asker.talk is not None:
        appended(asker.talk.keep(_turns(given, answer, retrieval)))
    return answer


def _turns(given: _Given, answer: Answer, retrieval: Retrieval) -> list[TurnInput]:
    """What is added to the session: the question, and the answer with the documents it draws on."""
    corpus, trace_id = given.query.corpus, answer.trace_id
    drawn = () if answer.answer == NOTHING else retrieval.hits
    documents = [f"{corpus}/{hit.document}" for hit in drawn]
    search = given.query.text if given.query.text != given.question else None
    return [
        TurnInput(role="user", content=given.question, trace_id=trace_id, search=search),
        TurnInput(
            role="assistant",
            content=answer.answer,
            trace_id=trace_id,
            documents=tuple(dict.fromkeys(documents)),
        ),
    ]


def _gone(asker: Asker, query: Query, retrieval: Retrieval) -> bool:
    """Whether a document of the answer may not be seen any more: then nothing of it may be written either."""
    if retrieval.served is None or not retrieval.hits:
        return False
    uris = {hit.document for hit in retrieval.hits}
    _, states, _ = asker.retriever.snapshots.states(retrieval.served, uris, query.access)
    return any(uri not in states or states[uri].state != "live" for uri in uris)


def _answer(
    asker: Asker, asked: _Given, trace: Trace, root: Started, release: str
) -> tuple[Answer, Retrieval]:
    query = asked.query
    searching = Started(trace_id=trace.trace_id, parent_span_id=root.span_id)
    retrieval = asker.retriever(query)
    trace.add(search_span(searching, query, retrieval))
    given = holding(retrieval.hits)
    generation = _generate(asker, asked, given, trace, root) if given else None
    checked = (
        check(generation.text, given)
        if generation is not None
        else Checked(text="", citations=(), removed=())
    )
    text = checked.text or NOTHING
    served = retrieval.served
    answer = Answer(
        answer=text,
        citations=checked.citations,
        trace_id=trace.trace_id,
        release=served.release or release if served else release,
        model=asker.model.identity,
        prompt=asker.prompt.digest,
        generation=served.generation.id if served else "",
        session=asker.talk.id if asker.talk else None,
        warnings=asked.warnings,
    )
    trace.add(_ask_span(root, asked, retrieval, answer, checked))
    return answer, retrieval


def _generate(asker: Asker, asked: _Given, hits: Sequence[Hit], trace: Trace, root: Started) -> Generation:
    started = Started(trace_id=trace.trace_id, parent_span_id=root.span_id)
    passages = [_passage(number, hit) for number, hit in enumerate(hits, start=1)]
    variables = {"question": asked.question, "passages": passages, **asked.filled.variables}
    messages = rendered(asker.prompt, variables, asked.history, always=True)
    request = GenerateRequest(
        messages=messages, question=asked.query.text, passages=passages, parameters=asker.prompt.parameters
    )
    name = f"chat {asker.model.identity}"
    try:
        generation = asker.model.generate(request)
    except HeadraceError as error:
        trace.add(failed_span(started, name=name, kind="chat", error=error, input=_plain(messages)))
        raise
    trace.add(_chat_span(started, name, asker, messages, generation))
    return generation


def _chat_span(
    started: Started, name: str, asker: Asker, messages: Sequence[Any], generation: Generation
) -> SpanEvent:
    return SpanEvent(
        trace_id=started.trace_id,
        span_id=started.span_id,
        parent_span_id=started.parent_span_id,
        name=name,
        kind="chat",
        start_ns=started.start_ns,
        end_ns=time.time_ns(),
        model=generation.model,
        prompt=asker.prompt.digest,
        input_tokens=generation.input_tokens,
        output_tokens=generation.output_tokens,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": asker.model.identity,
            "gen_ai.response.model": generation.model,
            "gen_ai.usage.input_tokens": generation.input_tokens,
            "gen_ai.usage.output_tokens": generation.output_tokens,
            "gen_ai.response.finish_reasons": [generation.finish_reason],
            "input": _plain(messages),
            "output": generation.text,
            "parameters": dict(asker.prompt.parameters),
        },
    )


def _ask_span(
    root: Started, given: _Given, retrieval: Retrieval, answer: Answer, checked: Checked
) -> SpanEvent:
    query = given.query
    return SpanEvent(
        trace_id=root.trace_id,
        span_id=root.span_id,
        name=f"ask {query.corpus}",
        kind="ask",
        start_ns=root.start_ns,
        end_ns=time.time_ns(),
        release=answer.release,
        generation=answer.generation or None,
        model=answer.model,
        prompt=answer.prompt,
        attributes={
            "corpus": query.corpus,
            "question": given.question,
            **_facts(given),
            "answer": answer.answer,
            "citations": [
                {
                    "chunk_id": citation.chunk_id,
                    "document": citation.document,
                    "quote": citation.quote,
                    "span": list(citation.span),
                    "page": citation.page,
                    "headings": list(citation.headings),
                    "marks": list(citation.marks),
                    "superseded_by": citation.superseded_by,
                }
                for citation in answer.citations
            ],
            "citations_removed": list(checked.removed),
            "grounded": bool(answer.citations),
        },
        refs=[
            *retrieved_refs(query.corpus, retrieval.hits),
            *cited_refs(query.corpus, answer.citations),
        ],
    )


def _facts(given: _Given) -> dict[str, Any]:
    """What the session and the features brought; nothing where they brought nothing."""
    facts: dict[str, Any] = {
        "searched": given.query.text if given.query.text != given.question else None,
        "history": given.history.use,
        "features": [asdict(feature) for feature in given.filled.features],
        "profile": given.filled.profile,
        "warnings": list(given.warnings),
    }
    return {name: value for name, value in facts.items() if value}


def _passage(number: int, hit: Hit) -> Passage:
    title = hit.metadata.get("title")
    return Passage(
        number=number,
        chunk_id=hit.chunk_id,
        document=hit.document,
        title=title if isinstance(title, str) else None,
        headings=hit.headings,
        text=hit.text,
    )


def _plain(messages: Sequence[Any]) -> list[dict[str, str]]:
    return [{"role": message["role"], "content": message["content"]} for message in messages]
