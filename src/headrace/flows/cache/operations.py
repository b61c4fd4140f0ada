"""`workspace.caches`: the operations on cached outputs, one call each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.infer.cache.shadow import bounds

if TYPE_CHECKING:
    from headrace.infer.cache.caching import OutputCache
    from headrace.infer.cache.config import CacheConfig
    from headrace.infer.cache.shadow import Shadow
    from headrace.records.cache import CacheStatus, ClearReport


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheOperations:
    """What can be done with the cached outputs of a workspace."""

    config: CacheConfig
    cache: Callable[[], OutputCache]
    shadow: Callable[[], Shadow]

    def status(self) -> CacheStatus:
        """What is kept, and how often a semantic hit was wrong."""
        from headrace.records.cache import CacheStatus, ShadowChecks

        cache, series = self.cache(), self.shadow().series(fresh=True)
        held = cache.store.held()
        lower, upper = bounds(series.checks, series.false_hits)
        return CacheStatus(
            exact=self.config.exact,
            semantic=self.config.semantic,
            store=cache.store.kind,
            entries=held.entries,
            bytes=held.bytes,
            threshold=self.config.threshold,
            shadow=ShadowChecks(
                checks=series.checks,
                false_hits=series.false_hits,
                rate=series.false_hits / max(1, series.checks),
                lower=lower,
                upper=upper,
                limit=self.config.max_false_hit_rate,
                off_at_us=series.off_at_us,
                reason=series.reason,
            ),
            counts=cache.counts(),
        )

    def clear(self) -> ClearReport:
        """Take every output out, and measure wrong hits anew: a semantic cache that was off is on again."""
        from headrace.records.cache import ClearReport

        return ClearReport(removed=self.cache().clear())
