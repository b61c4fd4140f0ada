"""Every feature view with the run that serves."""

from __future__ import annotations

from headrace.ledger import feature_runs
from headrace.observe.features.materialise import report
from headrace.observe.features.parts import FeatureParts
from headrace.records.features import FeatureList, FeatureViewReport


def list_views(parts: FeatureParts) -> FeatureList:
    """The views by name."""
    views = []
    with parts.ledger.read() as conn:
        for name, view in parts.views.items():
            done = feature_runs.last(conn, name, "done")
            latest = feature_runs.last(conn, name, "done", "held")
            views.append(
                FeatureViewReport(
                    view=name,
                    description=view.description,
                    entity=view.entity,
                    features=dict(view.columns),
                    source=view.source.describe(),
                    event_time=view.event_time,
                    known_time=view.known_time,
                    ttl_seconds=None if view.ttl_us is None else view.ttl_us // 1_000_000,
                    digest=view.digest,
                    serving=None if done is None else report(done),
                    held=report(latest) if latest is not None and latest.state == "held" else None,
                )
            )
    return FeatureList(views=tuple(views))
