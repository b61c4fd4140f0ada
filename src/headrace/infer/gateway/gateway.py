"""One way for every call to a model: what it gives back was checked, and its span is durable by then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.errors import CallRefused, ConfigError, HeadraceError
from headrace.infer.gateway.alerts import Alerts
from headrace.infer.gateway.base import (
    Cache,
    CachedOutput,
    CallRequest,
    Envelope,
    RecordKeeper,
    Shield,
    ShieldSource,
)
from headrace.infer.gateway.checking import Checker
from headrace.infer.gateway.config import GatewayConfig
from headrace.infer.gateway.hiding import hidden
from headrace.infer.gateway.keys import Keys
from headrace.infer.gateway.ladder import Climb, Ladder
from headrace.infer.gateway.letters import Letters
from headrace.infer.gateway.metering import Meter
from headrace.infer.gateway.observing import CallObserver
from headrace.infer.gateway.outcome import Answer, CallOutcome, Delta
from headrace.infer.gateway.rechecking import recheck
from headrace.infer.gateway.shadows import Shadows
from headrace.infer.gateway.spans import Begun, begin, span_of, usage_of
from headrace.infer.gateway.tools import Tools
from headrace.infer.gateway.upstreams import Upstreams
from headrace.infer.gateway.validators import OutputValidator, ValidatorSpec
from headrace.infer.gateway.variables import kept_variables
from headrace.infer.gateway.watch import ModelWatch
from headrace.infer.schemas.validate import problems
from headrace.ledger.call_letters import LetterRow
from headrace.ledger.events.base import EventStore
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest
from headrace.records.call import SpanEvent

AFTER_ANSWER = declare("call.after_answer")
AFTER_RECORD = declare("call.after_record")
BEFORE_SPAN = declare("call.before_span")
AFTER_SPAN = declare("call.after_span")


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Makes calls. Safe to use from several event loops; its methods run on the one that awaits them."""

    config: GatewayConfig
    upstreams: Upstreams
    events: EventStore
    letters: Letters
    keys: Keys
    alerts: Alerts
    watch: ModelWatch
    meter: Meter
    observers: list[CallObserver] = field(default_factory=list)
    validators: Sequence[tuple[ValidatorSpec, OutputValidator]] = ()
    vault: ShieldSource | None = None
    cache: Cache | None = None
    keeper: RecordKeeper | None = None
    shadows: Shadows = field(default_factory=Shadows)
    subjects: Callable[[str], str] | None = None
    """Makes the keyed hash of a user's name."""

    async def call(self, request: CallRequest, *, replays: LetterRow | None = None) -> CallOutcome:
        """Make a call. Its span, record or dead letter are durable before it returns.

        What the model got wrong is no error: the outcome has a dead letter. Raises CallRefused and UsageError
        for a call that may not or cannot be made, StorageError when it could not be recorded.
        """
        begun = self.begin(request, replays=replays)
        if request.idempotency_key is None:
            return await self._run(begun)
        found = await self.keys.claim(request, begun.trace_id)
        if found is not None:
            return found
        try:
            outcome = await self._run(begun)
        except BaseException:
            self.keys.release(request, begun.trace_id)
            raise
        await self.keys.finish(request, outcome)
        return outcome

    async def recheck(
        self, request: CallRequest, attempts: Sequence[Mapping[str, Any]], *, replays: LetterRow
    ) -> CallOutcome | None:
        """Hold former outputs against a request of now; the newest that is valid becomes its outcome."""
        begun = self.begin(request, replays=replays)
        await self.prepare(begun)
        if begun.climb is None:
            return None
        for facts in reversed(attempts):
            if recheck(begun.climb, facts):
                return await asyncio.shield(self.settle(begun))
        return None

    def begin(
        self, request: CallRequest, *, replays: LetterRow | None = None, measures: str | None = None
    ) -> Begun:
        """Give a call its ids, and the hash by which its user is found."""
        subject, name = request.subject_key, (request.subject or "").strip()
        if subject is None and name and self.subjects is not None:
            subject = self.subjects(name)
        return begin(request, replays=replays, measures=measures, subject=subject)

    def known(self, model: str) -> str:
        """The name under which a model is called: its own, or that at the provider that takes any name.

        Raises ConfigError for a name that means nothing.
        """
        try:
            self.upstreams(model)
        except ConfigError:
            if self.config.passthrough is None:
                raise
            return f"{self.config.passthrough}:{model}"
        return model

    def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        """Make a call and give its answer as it arrives; the last delta has the outcome, durable by then."""
        from headrace.infer.gateway.streaming import stream

        return stream(self, request)

    async def close(self) -> None:
        """Finish alerts and give back the connections of the running loop."""
        await self.alerts.finish()
        await self.shadows.finish()
        await self.upstreams.close()

    async def _run(self, begun: Begun) -> CallOutcome:
        self.observe(begun)
        try:
            ready = await self.prepare(begun)
            if ready is None:
                assert begun.climb is not None
                started = time.perf_counter()
                await Ladder(self.upstreams, reasks=self.config.reasks).climb(begun.climb)
                begun.stages["model"] = time.perf_counter() - started
        except BaseException as error:
            await self.broke_off(begun, error)
            raise
        fire(AFTER_ANSWER)
        return await asyncio.shield(self.settle(begun, ready))

    def observe(self, begun: Begun) -> None:
        """Tell observers that a call has begun."""
        begun.observed = True
        for observer in self.observers:
            observer.began(begun)

    def streamed(self, begun: Begun, seconds: float) -> None:
        """Tell observers that the answer of a call begins to arrive."""
        for observer in self.observers:
            observer.streamed(begun, seconds)

    async def prepare(self, begun: Begun) -> Answer | None:
        """Check and hide what is asked; gives the answer where a cache has it.

        A call that measures a cache asks the model whatever is cached.
        """
        started = time.perf_counter()
        try:
            return await self._prepare(begun)
        finally:
            begun.stages["prepare"] = time.perf_counter() - started

    async def _prepare(self, begun: Begun) -> Answer | None:
        request = begun.request
        if request.schema is None and self.config.require_schema:
            raise CallRefused(
                "This workspace refuses calls without an output schema.",
                hint="Name a `schema` in the prompt, or set require_schema = false in [gateway].",
                cause="no_schema",
            )
        if request.skew and self.config.strict:
            raise CallRefused(
                f"What this call puts together was never released: {'; '.join(request.skew)}.",
                hint="Release it with `headrace prompt label`, or set strict = false in [gateway].",
                cause="skew",
            )
        tools = Tools(request.tools)
        tools.check_results(request.messages)
        for name in (request.model, *request.fallbacks):
            self.upstreams(name)  # a name that means nothing is said before anything is sent
        cached = None if begun.measures else await self._cached(request)
        if cached is not None:
            begun.cached = cached
            begun.sent = list(request.messages)
            begun.variables = kept_variables(request, None) if request.vault == "off" else None
            return Answer(output=cached.output, text=cached.text)
        begun.shield, begun.sent = await self._hide(replace(request, trace_id=begun.trace_id))
        begun.variables = await self._variables(request, begun.shield)
        chosen = [validator for spec, validator in self.validators if spec.judges(request)]
        checker = Checker(request=request, tools=tools, shield=begun.shield, validators=chosen)
        begun.climb = Climb(request=request, sent=begun.sent, checker=checker)
        return None

    async def settle(self, begun: Begun, cached: Answer | None = None) -> CallOutcome:
        """Record a call that is over, and say what came of it."""
        started = time.perf_counter()
        try:
            outcome = await self._settle(begun, cached)
        except BaseException as error:
            self._over(begun, error)
            raise
        begun.stages["record"] = time.perf_counter() - started
        self._over(begun, None)
        return outcome

    async def _settle(self, begun: Begun, cached: Answer | None) -> CallOutcome:
        answers = [cached] if cached is not None else list(begun.climb.answers) if begun.climb else []
        await self._watch(begun)
        if answers and cached is None:
            await self._keep_record(begun, answers[0])
        opened = 0
        if not answers:
            assert begun.climb is not None
            begun.letter, kept = self.letters.keep(begun, begun.climb.reason or "invalid")
            opened = await asyncio.wrap_future(kept)
        fire(BEFORE_SPAN)
        await self._write(begun, answers)
        fire(AFTER_SPAN)
        if begun.letter is not None:
            self._alert(begun, opened)
        self.shadows.follow(self, begun)
        return self._outcome(begun, answers)

    async def broke_off(self, begun: Begun, error: BaseException) -> None:
        """Leave the span of a call that raised; a call whose caller went away is not waited for."""
        said = error.message if isinstance(error, HeadraceError) else str(error)
        span = span_of(begun, status="error", error=f"{type(error).__name__}: {said}")
        self._over(begun, error)
        if begun.attempts:
            self.meter.count(begun.request.caller, usage_of(begun.attempts))
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            self.events.append([span])
            return
        await asyncio.wrap_future(self.events.append([span]))

    def _over(self, begun: Begun, error: BaseException | None) -> None:
        if begun.observed:
            begun.observed = False
            for observer in self.observers:
                observer.ended(begun, error=error)

    async def _cached(self, request: CallRequest) -> CachedOutput | None:
        if self.cache is None:
            return None
        found = await asyncio.to_thread(self.cache.get, request)
        if found is not None and request.schema is not None and problems(request.schema, found.output):
            found = None
        for observer in self.observers:
            observer.cached(found.kind if found else "miss")
        return found

    async def _variables(self, request: CallRequest, shield: Shield | None) -> Mapping[str, Any] | None:
        if shield is None:
            return kept_variables(request, None)
        return await asyncio.to_thread(kept_variables, request, shield)

    async def _hide(self, request: CallRequest) -> tuple[Shield | None, Sequence[Mapping[str, Any]]]:
        if request.vault == "off":
            return None, list(request.messages)
        if self.vault is None:
            raise CallRefused(
                f"This call asks for the vault ({request.vault!r}), and there is none.",
                hint="Nothing was sent. Set up the vault, or write `vault: off` in the prompt.",
                cause="no_vault",
            )
        shield, sent = await asyncio.to_thread(hidden, self.vault, request)
        if request.vault == "strict" and shield.unprotected:
            raise CallRefused(
                f"This call could not be protected against showing: {', '.join(shield.unprotected)}.",
                hint="Nothing was sent. Configure what finds these types, or write `vault: on`.",
                cause="unprotected",
            )
        return shield, sent

    async def _keep_record(self, begun: Begun, answer: Answer) -> None:
        request, last = begun.request, begun.attempts[-1]
        if request.schema is None or not request.keep or self.keeper is None or answer.tool_calls:
            return
        envelope = Envelope(
            schema=request.schema.name,
            schema_version=request.schema.version,
            schema_digest=request.schema.digest,
            model=last.model,
            prompt=request.prompt.digest if request.prompt else None,
            rendered=digest("rendered", [dict(message) for message in begun.sent]),
            generation=None,
            retrieved=request.retrieved,
            release=request.release,
            trace_id=begun.trace_id,
            span_id=begun.span_id,
            event_time_us=begun.start_ns // 1000,
            repair=last.repair,
            subject=request.subject,
        )
        original = last.raw_output or ""
        shown = begun.shield.show(original) if begun.shield else original
        kept = self.keeper.keep(envelope, answer.output, shown.encode("utf-8", "surrogatepass"))
        begun.record = await asyncio.wrap_future(kept)
        fire(AFTER_RECORD)

    async def _write(self, begun: Begun, answers: Sequence[Answer]) -> None:
        reason = begun.climb.reason if begun.climb else None
        error = None if answers else f"dead letter {begun.letter}: {reason}"
        span: SpanEvent = span_of(begun, status="ok" if answers else "error", error=error)
        appended = asyncio.wrap_future(self.events.append([span]))
        said = self._say(begun, answers)
        counted = self.meter.count(begun.request.caller, usage_of(begun.attempts))
        if self._is_cacheable(begun, answers):
            await self._put(begun, answers[0])
        if begun.shield is not None:
            await asyncio.wrap_future(begun.shield.settle())
        await appended
        if said is not None:
            await said
        if counted is not None:
            await counted

    def _say(self, begun: Begun, answers: Sequence[Answer]) -> Awaitable[Any] | None:
        """Add question and answer to the session, beside the span."""
        talk, retrieved = begun.request.conversation, begun.request.retrieved
        if talk is None or not answers:
            return None
        documents = list(dict.fromkeys(f"{item.corpus}/{item.document}" for item in retrieved))
        kept = talk.keep(answers[0].text, trace_id=begun.trace_id, documents=documents)
        return asyncio.wrap_future(kept)

    def _is_cacheable(self, begun: Begun, answers: Sequence[Answer]) -> bool:
        if self.cache is None or begun.cached is not None or len(answers) != 1:
            return False
        return answers[0].finish_reason == "stop" and not answers[0].tool_calls and not answers[0].refusal

    async def _put(self, begun: Begun, answer: Answer) -> None:
        assert self.cache is not None
        stored = CachedOutput(output=answer.output, text=answer.text, kind="exact", trace_id=begun.trace_id)
        await asyncio.wrap_future(await asyncio.to_thread(self.cache.put, begun.request, stored))

    async def _watch(self, begun: Begun) -> None:
        for attempt in begun.attempts:
            if attempt.error is None and attempt.asked != attempt.model and begun.climb is not None:
                former = await self.watch.changed(attempt.asked, attempt.model)
                if former is not None:
                    begun.changed_model = {"from": former, "to": attempt.model}
                    warning = f"{attempt.asked} is answered by {attempt.model} now, before by {former}"
                    begun.climb.warnings.append(warning)

    def _alert(self, begun: Begun, opened: int) -> None:
        prompt, climb = begun.request.prompt, begun.climb
        facts = {
            "type": "dead_letters",
            "open": opened,
            "id": begun.letter,
            "prompt": prompt.name if prompt else None,
            "reason": climb.reason if climb else None,
        }
        self.alerts.letter(facts, trace_id=begun.trace_id, span_id=begun.span_id, now_ns=time.time_ns())

    def _outcome(self, begun: Begun, answers: Sequence[Answer]) -> CallOutcome:
        climb = begun.climb
        talk = begun.request.conversation
        warnings = [*begun.request.skew, *(talk.warnings if talk else ())]
        warnings += climb.warnings if climb else ()
        if begun.shield is not None and begun.shield.unprotected:
            warnings.append(f"not protected by the vault: {', '.join(begun.shield.unprotected)}")
        return CallOutcome(
            valid=bool(answers),
            output=answers[0].output if answers else None,
            text=answers[0].text if answers else "",
            choices=answers,
            trace_id=begun.trace_id,
            span_id=begun.span_id,
            attempts=tuple(begun.attempts),
            record=begun.record,
            release=begun.request.release,
            cached=begun.cached.kind if begun.cached else None,
            dead_letter=begun.letter,
            reason=climb.reason if climb and not answers else None,
            model=begun.attempts[-1].model if begun.attempts else None,
            usage=usage_of(begun.attempts),
            warnings=warnings,
        )
