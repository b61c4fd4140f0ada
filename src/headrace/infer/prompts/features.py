"""How prompts get features: by a reader that the workspace brings, with names as `view:column`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from headrace.records.features import FeatureStatus


@runtime_checkable
class FeatureReader(Protocol):
    """Reads features of one entity as they serve now.

    class Fixed:
        def get(self, names, entity):
            return dict.fromkeys(names)

    reader.get(["account:balance"], {"user_id": "u7"})  # {"account:balance": 12.5}
    """

    def get(self, names: Sequence[str], entity: Mapping[str, Any]) -> Mapping[str, Any]:
        """Name to value; None where there is none, or none that still counts."""
        ...


def feature_variables(
    reader: FeatureReader, names: Mapping[str, str], entity: Mapping[str, Any]
) -> dict[str, Any]:
    """Variables of a call: `names` says which feature each variable is. The call keeps them."""
    values = reader.get(list(names.values()), entity)
    return {variable: values[name] for variable, name in names.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureValue:
    """A feature as it serves now."""

    value: Any
    """None unless the status is ok."""
    status: FeatureStatus
    event_time: str | None
    """From when it holds, RFC 3339."""


@runtime_checkable
class TimedFeatureReader(Protocol):
    """Reads features with the time from which they hold, and whether they still count.

    class Fixed:
        def read(self, names, entity):
            return {name: FeatureValue(value=None, status="missing", event_time=None) for name in names}
    """

    def read(self, names: Sequence[str], entity: Mapping[str, Any]) -> Mapping[str, FeatureValue]:
        """Name to value. Raises NotFoundError, and UsageError for a missing key of the entity."""
        ...
