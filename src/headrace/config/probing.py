"""Reads `probes` and `probe_floor` of `[corpus.NAME]`."""

from __future__ import annotations

from headrace.config.base import CorpusConfig
from headrace.config.table import Table

MOST_PROBES = 1000


def read_probes(table: Table) -> int | None:
    """How many probes follow a sync; None where the file does not say. Raises ConfigError."""
    if "probes" not in table.values:
        return None
    probes = table.read("probes", int)
    if not 0 <= probes <= MOST_PROBES:
        raise table.error(f"is out of range: {probes}.", "probes", allowed=[f"0 to {MOST_PROBES}"])
    return int(probes)


def read_probe_floor(table: Table) -> float:
    """The share of probes that must find their document. Raises ConfigError."""
    if "probe_floor" not in table.values:
        return CorpusConfig(name="", sources=()).probe_floor
    floor = float(table.read("probe_floor", float))
    if not 0.0 <= floor <= 1.0:
        raise table.error(f"is out of range: {floor}.", "probe_floor", allowed=["0 to 1"])
    return floor
