"""`GET /metrics`, and what is read at the time of asking: open dead letters and breakers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from headrace.ledger import call_letters
from headrace.server.metrics.series import Bounded, Series
from headrace.server.metrics.watching import CallMetrics

if TYPE_CHECKING:
    from headrace.workspace import Workspace

PATH = "/metrics"
_BREAKER = {"closed": 0, "half_open": 1, "open": 2}


class _Now(Collector):
    """What stands at the moment."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._bounded = Bounded()

    def collect(self) -> Iterator[Metric]:
        """Open dead letters from the ledger, and the breaker of each model that was asked."""
        with self._workspace.ledger.read() as conn:
            waiting = call_letters.count(conn)
        yield GaugeMetricFamily("headrace_dead_letters_open", "Dead letters that wait.", value=waiting)
        breakers = GaugeMetricFamily(
            "headrace_breaker_state", "0 closed, 1 half open, 2 open.", labels=["model"]
        )
        states: dict[str, int] = {}
        for name, state in self._workspace.gateway.upstreams.breakers().items():
            model = self._bounded("model", name)
            states[model] = max(states.get(model, 0), _BREAKER[state])
        for model, number in states.items():
            breakers.add_metric([model], number)
        yield breakers


class Metrics:
    """The metrics of one application over one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._series = Series()
        self._series.registry.register(_Now(workspace))
        self.calls = CallMetrics(self._series)
        workspace.gateway.observers.append(self.calls)

    @property
    def route(self) -> Route:
        """`GET /metrics`, in the format that the scraper asks for."""

        async def metrics(request: Request) -> Response:
            encode, media_type = choose_encoder(request.headers.get("accept", ""))
            body = await run_in_threadpool(encode, self._series.registry)
            return Response(body, media_type=media_type, headers={"cache-control": "no-store"})

        return Route(PATH, metrics, methods=["GET"], include_in_schema=False)
