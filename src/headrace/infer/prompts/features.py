"""How prompts get features: by a reader that the workspace brings, with names as `view:column`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


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
