"""`workspace.features`: the operations on features, one call each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    from headrace.ledger.consents import Purpose
    from headrace.observe.features.parts import FeatureParts
    from headrace.observe.features.serving import OnlineReader
    from headrace.records.features import (
        FeatureCheck,
        FeatureList,
        FeatureMatches,
        FeatureRow,
        FeatureRun,
        JoinReport,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureOperations:
    """What can be done with the features of a workspace."""

    parts: FeatureParts

    def list(self) -> FeatureList:
        """Every view: its features, where they come from, and the run that serves."""
        from headrace.flows.features.listing import list_views

        return list_views(self.parts)

    def join(
        self,
        requests: str | os.PathLike[str],
        features: Sequence[str],
        *,
        out: str | os.PathLike[str],
        time: str = "event_time",
        as_known: str | datetime | None = None,
        purpose: Purpose | None = None,
    ) -> JoinReport:
        """Add to a Parquet or CSV file of requests what was known of each entity at the time of the request.

        Features are `view:column`, or `view` for all of it. Every row comes back, in order, none twice; with
        `as_known` all that was known by that time counts. With a purpose, `eval` or `training`, users who do
        not permit it have nulls and the status `no consent`. Raises NotFoundError, ConfigError, UsageError.
        """
        from headrace.flows.features.joins import join_file

        return join_file(
            self.parts, Path(requests), features, out=Path(out), time=time, as_known=as_known, purpose=purpose
        )

    def join_rows(
        self,
        rows: Sequence[Mapping[str, Any]],
        features: Sequence[str],
        *,
        time: str = "event_time",
        as_known: str | datetime | None = None,
        purpose: Purpose | None = None,
    ) -> JoinReport:
        """The same for rows in memory; the report holds them with their features."""
        from headrace.flows.features.joins import join_rows

        return join_rows(self.parts, rows, features, time=time, as_known=as_known, purpose=purpose)

    def materialise(self, view: str, *, confirm: bool = False, rebuild: bool = False) -> FeatureRun:
        """Put the newest values of each entity online; held back, with reasons, where they look wrong.

        `confirm` lets such a run through; `rebuild` lets values go back to older ones. Raises NotFoundError,
        ConfigError, UsageError, LeaseHeld, StorageError.
        """
        from headrace.observe.features.materialise import materialise

        return materialise(self.parts, view, confirm=confirm, rebuild=rebuild)

    def get(self, view: str, *keys: str | int) -> FeatureRow:
        """The values of one entity as calls see them now. Raises NotFoundError, UsageError."""
        from headrace.observe.features.serving import get

        return get(self.parts, view, keys)

    def search(
        self,
        feature: str,
        *,
        like: Sequence[str | int] | None = None,
        vector: Sequence[float] | None = None,
        k: int = 10,
    ) -> FeatureMatches:
        """The k entities whose vector `view:column` is nearest to that of an entity, or to a vector.

        Every entity is compared, by cosine. Raises NotFoundError, ConfigError, UsageError.
        """
        from headrace.observe.features.nearest import nearest

        return nearest(self.parts, feature, like=like, vector=vector, k=k)

    def check(self, view: str, *, sample: int = 1000) -> FeatureCheck:
        """Compare the online values with the offline join at the time of the run that serves.

        Raises NotFoundError, ConfigError, UsageError where nothing was materialised yet.
        """
        from headrace.observe.features.parity import check

        return check(self.parts, view, sample=sample)

    @property
    def reader(self) -> OnlineReader:
        """Reads features for prompts, from the online store."""
        from headrace.observe.features.serving import OnlineReader

        return OnlineReader(self.parts)
