"""What asks traces again: with another prompt, model, generation of the index, or at a release."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.flows.answer import Asker
    from headrace.flows.traces.parts import ReplayWith
    from headrace.flows.traces.replaying import Replayer
    from headrace.flows.traces.rerendering import Tried
    from headrace.infer.prompts.base import Prompt
    from headrace.ingest.search.retrieve import Retriever
    from headrace.ledger.ledger import Ledger
    from headrace.records.call import SpanEvent
    from headrace.wiring import Wiring


def replayer(wiring: Wiring, asked: ReplayWith) -> Replayer:
    """What asks again. It only reads. Raises NotFoundError, UsageError."""
    from headrace.errors import UsageError

    if asked.release is None:
        return _replayer(wiring, asked)
    for name in ("prompt", "model", "generation"):
        if getattr(asked, name) is not None:
            raise UsageError(
                f"A release pins its own {name}, so there is none to choose beside it.",
                hint=f"Give a release, or a {name}.",
            )
    return _at_release(wiring, asked, asked.release)


def _replayer(wiring: Wiring, asked: ReplayWith) -> Replayer:
    from headrace.flows.traces.rerendering import Tried
    from headrace.wiring_prompts import asked_prompt

    found = None if asked.prompt is None else _prompt(wiring, asked.prompt)
    tried = None if found is None else Tried(prompt=found, model=found.model)
    return _made(
        wiring,
        asked,
        prompt=found or asked_prompt(wiring),
        searcher=_searcher(wiring, asked.generation),
        tried=lambda span: tried,
    )


def _at_release(wiring: Wiring, asked: ReplayWith, digest: str) -> Replayer:
    """Reads everything through the workspace at a release; what that would record is never called."""
    from headrace.wiring_prompts import asked_k, asked_prompt
    from headrace.wiring_releases import at_release

    view = at_release(wiring, digest)
    made = _made(
        view,
        asked,
        prompt=asked_prompt(view),
        searcher=_searcher(view, None),
        tried=partial(_pinned, view),
    )
    return dataclasses.replace(made, events=wiring.events, k=asked_k(view))


def _made(
    wiring: Wiring,
    asked: ReplayWith,
    *,
    prompt: Prompt,
    searcher: Callable[[str], Retriever],
    tried: Callable[[SpanEvent], Tried | None],
) -> Replayer:
    from headrace.flows.answer import Asker
    from headrace.flows.traces.replaying import Replayer
    from headrace.wiring_prompts import asked_model
    from headrace.wiring_steps import chat_model

    def asker(corpus: str) -> Asker:
        return Asker(
            retriever=searcher(corpus),
            model=wiring._model(corpus, asked.model or asked_model(wiring, prompt)),
            prompt=prompt,
            releases=wiring.releases,
            events=wiring.events,
        )

    return Replayer(
        events=wiring.events,
        asker=asker,
        chat=lambda name: chat_model(wiring, asked.model or name),
        valid=partial(_fits, wiring.ledger),
        searcher=searcher,
        tried=tried,
        # Another index alone changes no call: it would be sent as it was.
        calls=asked.generation is None or asked.prompt is not None or asked.model is not None,
        access=asked.access,
    )


def _searcher(wiring: Wiring, generation: str | None) -> Callable[[str], Retriever]:
    """What searches a corpus: in what serves, or in one generation. Raises NotFoundError, UsageError."""
    from headrace.errors import UsageError
    from headrace.flows.index.finding import find, unpruned
    from headrace.ingest.search.snapshot import Snapshots

    retriever, found = wiring._retriever, None
    if generation is not None:
        with wiring.ledger.read() as conn:
            found = unpruned(find(conn, generation))
        chosen = (None, found.id)
        snapshots = Snapshots(wiring.ledger, pointer=lambda conn, corpus: chosen)
        retriever = dataclasses.replace(retriever, snapshots=snapshots)

    def searcher(corpus: str) -> Retriever:
        if corpus not in wiring.config.corpora:
            raise UsageError(f"There is no corpus {corpus!r} any more.")
        if found is not None and found.corpus != corpus:
            raise UsageError(f"{generation!r} is a generation of corpus {found.corpus!r}, not of {corpus!r}.")
        return retriever

    return searcher


def _prompt(wiring: Wiring, ref: str) -> Prompt:
    """A version of a prompt; a file is read as it is, and not kept. Raises NotFoundError, UsageError."""
    from headrace.flows.prompts.versions import WORKING_TREE, find

    name, _, word = ref.partition("@")
    if word != WORKING_TREE or wiring.released_only:
        return wiring._prompts.resolve(ref, working_tree=False).prompt
    with wiring.ledger.read() as conn:
        return find(wiring._prompts.parts, conn, name, WORKING_TREE).prompt


def _pinned(view: Wiring, span: SpanEvent) -> Tried:
    """The prompt of a call as a release pins it. Raises NotFoundError, UsageError."""
    from headrace.errors import NotFoundError, UsageError
    from headrace.flows.traces.rerendering import Tried

    said = span.attributes.get("prompt")
    name = said.get("name") if isinstance(said, dict) else None
    if not isinstance(name, str):
        raise UsageError("This call names no prompt, so a release says nothing of it.")
    with view.ledger.read() as conn:
        release = view.releases.current(conn)
    if release is None or name not in release.prompts:
        known = sorted(release.prompts) if release else []
        raise NotFoundError("prompt in the release", name, known=known)
    found = view._prompts.resolve(name)
    return Tried(prompt=found.prompt, model=found.model)


def _fits(ledger: Ledger, schema: Mapping[str, Any], text: str) -> bool | None:
    """Whether an output is JSON that fits a schema of the ledger."""
    import json

    from headrace.infer.schemas.store import recorded
    from headrace.infer.schemas.validate import problems

    with ledger.read() as conn:
        known = recorded(conn, str(schema.get("name")))
    found = known.get(int(schema.get("version") or 0))
    if found is None:
        return None
    try:
        return not problems(found, json.loads(text))
    except ValueError:
        return False
