"""The series of /metrics: their names, labels and buckets, in one place."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MOST_VALUES = 100
"""Different values of one label; what comes after is counted under `other`, whoever chooses the names."""
OTHER = "other"

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)


class Bounded:
    """Keeps the values of labels few, so that no caller can fill the memory with names."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self._most = most
        self._known: dict[str, set[str]] = {}

    def __call__(self, label: str, value: str | None) -> str:
        """The value, `other` once there are too many, or empty for None."""
        if value is None:
            return ""
        known = self._known.setdefault(label, set())
        if value not in known:
            if len(known) >= self._most:
                return OTHER
            known.add(value)
        return value


class Series:
    """Every series of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        called = ("prompt", "model")
        self.calls = self._counter("calls", "Calls by how they ended.", (*called, "status"))
        self.without_schema = self._counter("calls_without_schema", "Calls whose output nothing checks.")
        self.valid_first = self._counter(
            "outputs_valid_before_repair", "Calls valid as the model first wrote it.", called
        )
        self.valid = self._counter("outputs_valid", "Calls with a valid output in the end.", called)
        self.attempts = self._counter("attempts", "Requests to models, and repairs.", ("model", "kind"))
        self.repairs = self._counter("repairs", "Outputs that were mended.", ("model", "kind"))
        self.corrections = self._counter("corrections", "Attempts after the first one.", ("prompt",))
        self.correction_seconds = self._counter(
            "correction_seconds", "Time of attempts after the first one.", ("prompt",)
        )
        self.fields = self._counter("output_fields", "Fields of the schema in outputs.", ("prompt", "field"))
        self.filled = self._counter("output_fields_filled", "Those that were filled.", ("prompt", "field"))
        self.letters = self._counter("dead_letters", "Calls that never became valid.", ("prompt", "reason"))
        self.tokens = self._counter("tokens", "Tokens.", ("model", "direction"))
        self.cost = self._counter("cost", "Money, in units of the currency.", ("model", "currency"))
        self.cache = self._counter("cache_reads", "Reads of the caches.", ("result",))
        self.model_changes = self._counter(
            "model_changes", "Another model id answered than before.", ("model",)
        )
        self.refused = self._counter("refused", "Requests and calls that were not let through.", ("cause",))
        self.in_flight = Gauge("headrace_calls_in_flight", "Calls under way.", registry=self.registry)
        self.seconds = self._histogram("call_seconds", "From request to recorded answer.", (), _SECONDS)
        self.stages = self._histogram(
            "call_stage_seconds",
            "Parts of it: prepare, model (with corrections), record.",
            ("stage",),
            _STAGE_SECONDS,
        )
        self.first_token = self._histogram(
            "first_token_seconds", "From request to the first streamed piece.", (), _SECONDS
        )

    def _counter(self, name: str, says: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"headrace_{name}", says, labels, registry=self.registry)

    def _histogram(self, name: str, says: str, labels: Sequence[str], buckets: Sequence[float]) -> Histogram:
        return Histogram(f"headrace_{name}", says, labels, registry=self.registry, buckets=buckets)
