"""Fills `[traces]`."""

from __future__ import annotations

from headrace.config.keeping import read_keep
from headrace.config.table import Table
from headrace.errors import UsageError
from headrace.observe.traces.rules import TracesConfig

_HEADERS, _KEEP = "export_headers", "keep"


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
