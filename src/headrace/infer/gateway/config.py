"""`[gateway]`: what holds for every call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from headrace.infer.gateway.base import Budget
from headrace.infer.gateway.validators import ValidatorSpec

StreamPolicy = Literal["hold", "pass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """`[gateway]`: what holds for every call."""

    require_schema: bool = False
    """Refuse calls without an output schema; otherwise they are counted."""
    strict: bool = False
    """Refuse calls whose prompt, schema and model were never released together; else that is recorded."""
    stream: StreamPolicy = "hold"
    """A stream with a schema: `hold` it back until it is valid whole, or `pass` it on, flagged unchecked."""
    reasks: int = field(default=2, metadata={"minimum": 0, "maximum": 20})
    """How often one model is told what was wrong, before the next model is tried."""
    attempts: int = field(default=4, metadata={"minimum": 1, "maximum": 100})
    """Most requests to models in one call, all of them together."""
    tokens: int | None = field(default=None, metadata={"minimum": 1})
    """Most tokens of one call, input and output; no further request is made beyond it."""
    cost_micro: int | None = field(default=None, metadata={"minimum": 1})
    """Most money of one call, in millionths of the currency that the model bills in."""
    seconds: float | None = field(default=None, metadata={"minimum": 0.001})
    """Most time of one call; what runs then is broken off."""
    passthrough: str | None = None
    """Name of a [models] table to which model names go that nobody here knows."""
    alert_webhook: str | None = None
    """An address that gets a JSON document when dead letters appear and each time their number doubles."""
    validators: tuple[ValidatorSpec, ...] = ()
    """What a schema cannot say."""

    def budget(self) -> Budget:
        """The budget of a call that brings none of its own."""
        return Budget(
            attempts=self.attempts, tokens=self.tokens, cost_micro=self.cost_micro, seconds=self.seconds
        )
