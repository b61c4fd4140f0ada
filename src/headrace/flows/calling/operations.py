"""`workspace.calls`: the operations on calls and their dead letters, one call each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError
from headrace.infer.providers.portal import portal

if TYPE_CHECKING:
    from headrace.flows.calling.around import Around, CallParts
    from headrace.flows.calling.letters import LetterParts
    from headrace.flows.calling.prompts import PromptSource
    from headrace.infer.gateway.base import CallRequest
    from headrace.infer.gateway.gateway import Gateway
    from headrace.infer.schemas.base import Schema
    from headrace.ledger.call_letters import State
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.records.calls import (
        BatchProgress,
        BatchReport,
        CallLetterDetail,
        CallLetters,
        CallReport,
        CallStats,
        ReplayReport,
        SettledLetters,
    )
    from headrace.records.keys import Caller
    from headrace.ship.releases import Releases


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOperations:
    """What can be done with calls."""

    gateway: Gateway
    ledger: Ledger
    events: EventStore
    prompts: PromptSource
    releases: Releases
    actor: str
    parts: CallParts

    def run(
        self,
        prompt: str,
        variables: Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        session: str | None = None,
        subject: str | None = None,
        entity: Mapping[str, Any] | None = None,
        access: Sequence[str] = (),
        idempotency_key: str | None = None,
        caller: Caller | None = None,
    ) -> CallReport:
        """Call a model with a prompt; its output is valid by the prompt's schema, or dead-lettered.

        `subject` is the user's name, `entity` the keys of its features. A prompt that takes the history of
        its `session` is given it, and what is said is added to it. Raises NotFoundError, UsageError for
        variables that do not fit, CallRefused.
        """
        from headrace.flows.calling.around import Around
        from headrace.flows.calling.reports import report_of

        subject = (subject or "").strip() or None
        around = Around(
            session=session, user=subject, entity=entity or {}, access=tuple(access), caller=caller
        )
        request = replace(
            self.request(prompt, variables or {}, model=model, around=around),
            session=session,
            subject=subject,
            access=tuple(access),
            idempotency_key=idempotency_key,
            caller=caller,
        )
        return report_of(portal().run(self.gateway.call(request)))

    def request(
        self,
        prompt: str,
        variables: Mapping[str, Any],
        *,
        model: str | None = None,
        around: Around | None = None,
    ) -> CallRequest:
        """The call that a prompt makes of variables, under the release that serves; nothing is sent.

        What the prompt declares of features, profile and history is brought by what is `around` it.
        """
        from headrace.flows.calling.around import Around, CallFiller

        fill = CallFiller(parts=self.parts, around=around or Around())
        request = self.prompts.request(prompt, variables, model=model, fill=fill)
        if request.release is not None:
            return request
        return replace(request, release=self._release(request))

    def plain(
        self,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        parameters: Mapping[str, Any] | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
        schema: Schema | None = None,
    ) -> CallRequest:
        """A call whose messages come from outside, under the release that serves; nothing is sent.

        A model that nobody knows goes to the provider that takes any. Raises ConfigError where none does.
        """
        from headrace.infer.gateway.base import CallRequest

        request = CallRequest(
            messages=messages,
            model=self.gateway.known(model),
            parameters=parameters or {},
            tools=tools,
            schema=schema,
            keep=False,
            budget=self.gateway.config.budget(),
        )
        return replace(request, release=self._release(request))

    def continued(self, request: CallRequest, around: Around) -> CallRequest:
        """A call whose messages come from outside, within the session that is around it."""
        from headrace.flows.calling.around import in_session

        return in_session(self.parts.talks, request, around)

    def batch(
        self,
        file: str | os.PathLike[str],
        *,
        prompt: str | None = None,
        model: str | None = None,
        output: str | os.PathLike[str] | None = None,
        concurrency: int = 8,
        per_minute: float | None = None,
        progress: Callable[[BatchProgress], None] | None = None,
    ) -> BatchReport:
        """Call for every row of a JSONL file; what an earlier run has answered is not called again.

        A row has `variables` (or its own keys are the variables), and may have `key`, `prompt` and `model`;
        beside `variables` also `entity`, for the features of its prompt.
        The output is a JSONL file, by default beside the input. Raises UsageError.
        """
        from headrace.flows.calling.around import Around
        from headrace.flows.calling.batch import BatchPlan, run_batch, variables_of

        source = Path(file)
        target = Path(output) if output else source.with_name(f"{source.stem}.out.jsonl")
        if target.resolve() == source.resolve():
            raise UsageError("The output of a batch cannot be its input.", hint="Name another output.")
        if concurrency < 1:
            raise UsageError(f"The concurrency of a batch is 1 or more, not {concurrency}.")

        def request(values: Mapping[str, Any]) -> CallRequest:
            name = values.get("prompt") or prompt
            if not isinstance(name, str):
                raise UsageError("This row names no prompt.", hint="Give it `prompt`, or use --prompt NAME.")
            entity = values.get("entity") if "variables" in values else None
            around = Around(entity=entity if isinstance(entity, Mapping) else {})
            chosen = values.get("model") or model
            return self.request(name, variables_of(values), model=chosen, around=around)

        plan = BatchPlan(
            file=source,
            output=target,
            request=request,
            concurrency=concurrency,
            per_minute=per_minute,
            progress=progress,
        )
        return portal().run(run_batch(self.gateway, plan))

    def stats(self, *, since: str = "7d", limit: int = 10_000) -> CallStats:
        """Count the newest calls: valid at once, repaired, asked again, fallen back, dead-lettered."""
        from headrace.flows.calling.stats import call_stats

        breakers = self.gateway.upstreams.breakers()
        return call_stats(self.events, self.ledger, since=since, limit=limit, breakers=breakers)

    def letters(self, *, prompt: str | None = None, state: State | None = "open") -> CallLetters:
        """List dead letters, oldest first; open ones unless `state` says otherwise."""
        from headrace.flows.calling.letters import list_letters

        return list_letters(self.ledger, prompt=prompt, state=state)

    def letter(self, id: str) -> CallLetterDetail:  # noqa: A002 - the word of the command line and the API
        """Show a dead letter with its request and every attempt. Raises NotFoundError."""
        from headrace.flows.calling.letters import show_letter

        return show_letter(self._letters, id)

    def replay(
        self,
        ids: Sequence[str] = (),
        *,
        all: bool = False,  # noqa: A002 - the word of the command line and the API
        of_prompt: str | None = None,
        model: str | None = None,
        prompt: str | None = None,
    ) -> ReplayReport:
        """Try dead letters again, after a schema, prompt or model was put right.

        Outputs that are valid by the schema of now are taken as they are; else the model is called. `model`
        and `prompt` stand in for those of then. Raises NotFoundError, UsageError.
        """
        from headrace.flows.calling.letters import chosen, replay

        rows = chosen(self.ledger, ids, everything=all, of_prompt=of_prompt)
        return portal().run(replay(self._letters, rows, model=model, prompt=prompt))

    def resolve(self, ids: Sequence[str]) -> SettledLetters:
        """Close dead letters that were dealt with elsewhere; what was kept of them goes."""
        from headrace.flows.calling.letters import close_letters

        return close_letters(self._letters, ids, "resolved")

    def discard(self, ids: Sequence[str]) -> SettledLetters:
        """Close dead letters that nobody needs; what was kept of them goes."""
        from headrace.flows.calling.letters import close_letters

        return close_letters(self._letters, ids, "discarded")

    @property
    def _letters(self) -> LetterParts:
        from headrace.flows.calling.letters import LetterParts

        return LetterParts(gateway=self.gateway, ledger=self.ledger, prompts=self.prompts, actor=self.actor)

    def _release(self, request: CallRequest) -> str | None:
        """The release that serves; the first one is minted from the working tree."""
        release = self.ledger.kept(self.releases.ref, self.releases.current)
        if release is not None:
            return release.digest
        if request.prompt is None:
            return None
        prompt = {"name": request.prompt.name, "digest": request.prompt.digest}
        return self.releases.pin(model=request.model, prompt=prompt)
