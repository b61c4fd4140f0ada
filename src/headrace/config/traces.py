"""Fills `[traces]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headrace.config.keeping import KeepConfig, read_keep
from headrace.config.table import Table
from headrace.errors import UsageError

Redact = Literal["tokens", "remove", "hash", "off"]
_HEADERS, _KEEP = "export_headers", "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesConfig:
    """`[traces]`: OTLP that arrives, where spans are sent on to, and what becomes of them."""

    redact: Redact | None = None
    """What takes the place of personal data in what arrives: `tokens` writes its type, such as
    `[EMAIL_ADDRESS]`, `hash` a keyed hash beside it, `remove` nothing; `off` leaves it. Without this key
    `tokens`, or `off` where `[privacy] redact_events` is false."""
    spill_megabytes: int = field(default=256, metadata={"minimum": 1, "maximum": 1_000_000})
    """Redacted spans that may wait on disk while the store of spans is slow or away."""
    export: str | None = None
    """Address of an OTLP collector, such as `http://127.0.0.1:4318`, to which `headrace trace send` sends."""
    export_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """`[traces.export_headers]`: NAME to a value; `${VAR}` in it is read from the environment."""
    anonymous_training: bool = False
    """Whether traces without a user may serve training."""
    keep: KeepConfig = field(default_factory=KeepConfig)
    """How long they are kept."""


def read_traces(table: Table) -> TracesConfig:
    """Fill `[traces]`. Raises ConfigError."""
    from headrace.observe.traces.receiving.sending import Collector

    given = table.child(_HEADERS)
    headers = {name: str(given.read(name, str)) for name in given.values}
    plain = {name: value for name, value in table.values.items() if name not in (_HEADERS, _KEEP)}
    rest = Table(values=plain, path=table.path, file=table.file, lines=table.lines)
    config = rest.fill(TracesConfig, given={_HEADERS: headers, _KEEP: read_keep(table.child(_KEEP))})
    if config.export is not None:
        try:
            Collector(config.export)
        except UsageError:
            raise table.error("is no http or https address without a password.", "export") from None
    return config
