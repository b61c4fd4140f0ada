"""Turns calls into numbers as they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from headrace.errors import CallRefused
from headrace.infer.gateway.outcome import Attempt
from headrace.infer.gateway.spans import Begun
from headrace.server.metrics.series import Bounded, Series


class CallMetrics:
    """Observes the calls of a gateway. Prompts, models and fields are bounded in number."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._bounded = Bounded()

    def began(self, begun: Begun) -> None:
        """A call has begun."""
        self._series.in_flight.inc()

    def streamed(self, begun: Begun, seconds: float) -> None:
        """The first piece of a streamed answer goes out."""
        self._series.first_token.observe(seconds)

    def ended(self, begun: Begun, *, error: BaseException | None) -> None:
        """A call is over."""
        series, attempts = self._series, begun.attempts
        series.in_flight.dec()
        asked = attempts[0].asked if attempts else begun.request.model
        prompt = self._prompt(begun)
        model = self._bounded("model", asked)
        series.calls.labels(prompt, model, _status(begun, error)).inc()
        series.seconds.observe(max(0.0, (time.time_ns() - begun.start_ns) / 1e9))
        for stage, seconds in begun.stages.items():
            series.stages.labels(stage).observe(seconds)
        if begun.request.schema is None:
            series.without_schema.inc()
        if isinstance(error, CallRefused):
            series.refused.labels(str(error.details.get("cause", "refused"))).inc()
        if begun.letter is not None:
            reason = begun.climb.reason if begun.climb else None
            series.letters.labels(prompt, reason or "invalid").inc()
        if begun.changed_model is not None:
            series.model_changes.labels(model).inc()
        if attempts:
            self._attempts(prompt, model, attempts)
            if begun.climb and begun.climb.answers:
                series.valid.labels(prompt, model).inc()

    def cached(self, result: str) -> None:
        """A cache was read: exact, semantic or miss."""
        self._series.cache.labels(result).inc()

    def refused(self, cause: str) -> None:
        """A request was not let in."""
        self._series.refused.labels(cause).inc()

    def _prompt(self, begun: Begun) -> str:
        prompt = begun.request.prompt
        return self._bounded("prompt", prompt.name if prompt else None)

    def _attempts(self, prompt: str, asked: str, attempts: Sequence[Attempt]) -> None:
        series = self._series
        if attempts[0].valid:
            series.valid_first.labels(prompt, asked).inc()
        for place, attempt in enumerate(attempts):
            model = self._bounded("model", attempt.asked)
            series.attempts.labels(model, attempt.kind).inc()
            if attempt.repair is not None:
                series.repairs.labels(model, attempt.repair).inc()
            if place:
                series.corrections.labels(prompt).inc()
                series.correction_seconds.labels(prompt).inc(attempt.ms / 1000)
            if attempt.input_tokens or attempt.output_tokens:
                series.tokens.labels(model, "input").inc(attempt.input_tokens or 0)
                series.tokens.labels(model, "output").inc(attempt.output_tokens or 0)
            if attempt.cost_micro:
                series.cost.labels(model, attempt.currency or "").inc(attempt.cost_micro / 1e6)
            for name, filled in attempt.fields.items():
                field = self._bounded("field", name)
                series.fields.labels(prompt, field).inc()
                series.filled.labels(prompt, field).inc(int(filled))


def _status(begun: Begun, error: BaseException | None) -> str:
    if isinstance(error, CallRefused):
        return "refused"
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "cancelled"
    if error is not None:
        return "failed"
    if begun.letter is not None:
        return "dead_lettered"
    return "cached" if begun.cached is not None else "valid"
