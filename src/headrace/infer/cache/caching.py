"""The caches of a workspace: looked up before a call, filled after it, validated on every hit."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from headrace.errors import HeadraceError
from headrace.infer.cache import shape
from headrace.infer.cache.agreement import agree
from headrace.infer.cache.base import CacheStore, Entry
from headrace.infer.cache.config import CacheConfig
from headrace.infer.cache.sealing import Kept, Sealing
from headrace.infer.gateway.base import CachedOutput, CallRequest, Retrieved
from headrace.ledger.identity import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headrace.infer.cache.shadow import Shadow

StillValid = Callable[[Sequence[Retrieved], Sequence[str]], bool]
"""Whether these revisions are current, live, and open to a caller with these labels."""
Embed = Callable[[str], "NDArray[np.float32]"]
"""A question as a vector of length 1."""

_MOST_COMPARED = 512
_PAUSE_SECONDS = 5.0
_log = logging.getLogger(__name__)


class OutputCache:
    """Implements the gateway's cache. A store that fails costs a call to the model, never an answer."""

    def __init__(
        self,
        config: CacheConfig,
        *,
        store: CacheStore,
        sealing: Sealing,
        identity: shape.Identity,
        still_valid: StillValid,
        ttl_us: int,
        embed: Embed | None = None,
        personal: shape.Personal = lambda _: (),
        shadow: Callable[[], Shadow] | None = None,
    ) -> None:
        """The semantic cache needs `embed` and `shadow`; `personal` finds what it must not mix up."""
        self._config = config
        self.store = store
        self._sealing = sealing
        self._identity = identity
        self._still_valid = still_valid
        self._ttl_us = ttl_us
        self._embed = embed
        self._personal = personal
        self._shadow = shadow
        self._is_semantic = config.semantic and embed is not None and shadow is not None
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="headrace-cache")
        self._paused_until = 0.0
        self._counts: Counter[str] = Counter()

    def get(self, request: CallRequest) -> CachedOutput | None:
        """The stored output for this very call, or one that asks the same, if it still holds."""
        if not self._is_open(request):
            return None
        try:
            found = self._exact(request) if self._config.exact else None
            if found is None and self._is_semantic:
                found = self._semantic(request)
        except (TypeError, ValueError):
            found = None  # values without a digest: such a call is never the same as another
            self._counts["unfit"] += 1
        except HeadraceError as error:
            found = None
            self._failed(error)
        self._counts[f"{found.kind}_hits" if found else "misses"] += 1
        return found

    def put(self, request: CallRequest, output: CachedOutput) -> Future[None]:
        """Keep an output that was valid; the future resolves when it is stored or found not to be kept."""
        if not self._is_open(request) or self._acts(output):
            done: Future[None] = Future()
            done.set_result(None)
            return done
        return self._writer.submit(self._put, request, output)

    def shadow_due(self, hit: CachedOutput) -> bool:
        """Whether the model should be asked as well, to see whether this hit is right."""
        return hit.kind == "semantic" and self._shadow is not None and self._shadow().due()

    def agrees(self, hit: CachedOutput, fresh: CachedOutput) -> bool:
        """Whether what the model said says the same as a hit. Raises ProviderError of the embedder."""
        assert self._embed is not None
        return agree(hit.output, fresh.output, self._embed, threshold=self._config.agreement)

    def report_shadow(self, hit: CachedOutput, *, same: bool) -> Future[None]:
        """Count what such a check found; past its limit the semantic cache is off once this resolves."""
        if hit.kind != "semantic" or self._shadow is None:
            done: Future[None] = Future()
            done.set_result(None)
            return done
        return self._shadow().report(same=same)

    def counts(self) -> Mapping[str, int]:
        """Since this process began: exact_hits, semantic_hits, misses, stale, unfit, errors."""
        return dict(self._counts)

    def clear(self) -> int:
        """Take everything out and begin a new series of checks; gives how many outputs went."""
        gone = self.store.clear()
        self.store.clean()
        if self._shadow is not None:
            self._shadow().restart()
        return gone

    def close(self) -> None:
        """Finish writes and close the store."""
        self._writer.shutdown(wait=True)
        self.store.close()

    def _is_open(self, request: CallRequest) -> bool:
        is_on = self._config.exact or self._is_semantic
        return is_on and time.monotonic() >= self._paused_until and shape.may_be_cached(request, self._config)

    def _acts(self, output: CachedOutput) -> bool:
        value = output.output
        return not self._config.tool_calls and isinstance(value, Mapping) and bool(value.get("tool_calls"))

    def _exact(self, request: CallRequest) -> CachedOutput | None:
        key = self._key(request)
        entry = self.store.get(key)
        kept = self._checked(entry, request) if entry is not None else None
        return (
            None
            if kept is None
            else CachedOutput(output=kept.output, text=kept.text, kind="exact", trace_id=kept.trace_id)
        )

    def _semantic(self, request: CallRequest) -> CachedOutput | None:
        asked = shape.question(request, self._identity, self._personal)
        if asked is None or self._embed is None or self._shadow is None or self._shadow().is_off():
            return None
        entries = self.store.near(self._partition(asked), limit=_MOST_COMPARED)
        if not entries:
            return None
        vector = self._embed(asked.text)
        near = [
            (float(self._sealing.open_vector(entry.key, entry.vector) @ vector), entry) for entry in entries
        ]
        for similarity, entry in sorted(near, key=lambda pair: -pair[0]):
            if similarity < self._config.threshold:
                return None
            kept = self._checked(entry, request)
            if kept is not None:
                return CachedOutput(
                    output=kept.output, text=kept.text, kind="semantic", trace_id=kept.trace_id
                )
        return None

    def _checked(self, entry: Entry, request: CallRequest) -> Kept | None:
        """The output of an entry; None, and the entry goes, when what it came from has changed."""
        kept = self._sealing.open(entry.key, entry.body)
        same = list(kept.retrieved) == list(request.retrieved)
        if same and self._still_valid(kept.retrieved, request.access):
            return kept
        self._counts["stale"] += 1
        self.store.remove([entry.key])
        return None

    def _put(self, request: CallRequest, output: CachedOutput) -> None:
        try:
            if self._still_valid(request.retrieved, request.access):
                self.store.put(self._entry(request, output), most=self._config.max_entries)
        except (TypeError, ValueError):
            self._counts["unfit"] += 1
        except HeadraceError as error:
            self._failed(error)

    def _entry(self, request: CallRequest, output: CachedOutput) -> Entry:
        key = self._key(request)
        asked = shape.question(request, self._identity, self._personal) if self._is_semantic else None
        vector = b""
        if asked is not None and self._embed is not None:
            vector = self._sealing.seal_vector(key, self._embed(asked.text))
        now_us = time.time_ns() // 1000
        return Entry(
            key=key,
            partition=self._partition(asked) if asked is not None else "",
            created_us=now_us,
            expires_us=now_us + self._ttl_us,
            body=self._sealing.seal(key, request, output),
            vector=vector,
            ties=self._sealing.ties(request, output.trace_id),
        )

    def _key(self, request: CallRequest) -> str:
        return self._sealing.name("key", shape.exact(request, self._identity))

    def _partition(self, asked: shape.Question) -> str:
        return self._sealing.name("partition", digest("partition", dict(asked.partition)))

    def _failed(self, error: HeadraceError) -> None:
        self._counts["errors"] += 1
        self._paused_until = time.monotonic() + _PAUSE_SECONDS
        _log.warning("The cache is passed over for %.0f s: %s", _PAUSE_SECONDS, error)
