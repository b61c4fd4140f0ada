"""Writes ops/dashboard.json: the Grafana dashboard over /metrics.

python scripts/build_dashboard.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "ops" / "dashboard.json"
_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 3
_QUANTILE = "histogram_quantile({q}, sum by (le{by}) (rate({name}_bucket[5m])))"

PANELS: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("Calls a second", "ops", [("sum by (status) (rate(headrace_calls_total[5m]))", "{{status}}")]),
    (
        "Valid outputs",
        "percentunit",
        [
            (
                "sum(rate(headrace_outputs_valid_before_repair_total[5m])) "
                '/ sum(rate(headrace_calls_total{status=~"valid|dead_lettered"}[5m]))',
                "as the model wrote it",
            ),
            (
                "sum(rate(headrace_outputs_valid_total[5m])) "
                '/ sum(rate(headrace_calls_total{status=~"valid|dead_lettered"}[5m]))',
                "in the end",
            ),
        ],
    ),
    ("Dead letters open", "short", [("headrace_dead_letters_open", "open")]),
    ("Dead letters", "ops", [("sum by (reason) (rate(headrace_dead_letters_total[5m]))", "{{reason}}")]),
    ("Repairs", "ops", [("sum by (kind) (rate(headrace_repairs_total[5m]))", "{{kind}}")]),
    (
        "Fenced outputs",
        "percentunit",
        [
            (
                'sum by (model) (rate(headrace_repairs_total{kind="fence"}[5m])) '
                '/ sum by (model) (rate(headrace_attempts_total{kind="first"}[5m]))',
                "{{model}}",
            )
        ],
    ),
    (
        "Corrections a call",
        "short",
        [("sum(rate(headrace_corrections_total[5m])) / sum(rate(headrace_calls_total[5m]))", "attempts")],
    ),
    (
        "Time of corrections a call",
        "s",
        [("sum(rate(headrace_correction_seconds_total[5m])) / sum(rate(headrace_calls_total[5m]))", "time")],
    ),
    (
        "Fields filled",
        "percentunit",
        [
            (
                "sum by (prompt, field) (rate(headrace_output_fields_filled_total[15m])) "
                "/ sum by (prompt, field) (rate(headrace_output_fields_total[15m]))",
                "{{prompt}} {{field}}",
            )
        ],
    ),
    (
        "Latency",
        "s",
        [
            (_QUANTILE.format(q=q, by="", name="headrace_call_seconds"), f"p{int(float(q) * 100)}")
            for q in ("0.5", "0.95", "0.99")
        ],
    ),
    (
        "Latency by stage, p95",
        "s",
        [(_QUANTILE.format(q="0.95", by=", stage", name="headrace_call_stage_seconds"), "{{stage}}")],
    ),
    (
        "First token",
        "s",
        [
            (_QUANTILE.format(q=q, by="", name="headrace_first_token_seconds"), f"p{int(float(q) * 100)}")
            for q in ("0.5", "0.95")
        ],
    ),
    (
        "Tokens a second",
        "short",
        [("sum by (model, direction) (rate(headrace_tokens_total[5m]))", "{{model}} {{direction}}")],
    ),
    (
        "Cost an hour",
        "short",
        [("sum by (model, currency) (increase(headrace_cost_total[1h]))", "{{model}} {{currency}}")],
    ),
    ("Caches", "ops", [("sum by (result) (rate(headrace_cache_reads_total[5m]))", "{{result}}")]),
    ("Breakers: 0 closed, 1 half open, 2 open", "short", [("headrace_breaker_state", "{{model}}")]),
    ("In flight", "short", [("headrace_calls_in_flight", "calls")]),
    ("Refused", "ops", [("sum by (cause) (rate(headrace_refused_total[5m]))", "{{cause}}")]),
    (
        "Calls without a schema",
        "percentunit",
        [
            (
                "sum(rate(headrace_calls_without_schema_total[5m])) / sum(rate(headrace_calls_total[5m]))",
                "share",
            )
        ],
    ),
    ("Model changes", "short", [("increase(headrace_model_changes_total[1h])", "{{model}}")]),
]


def dashboard() -> dict[str, Any]:
    """The dashboard; its data source is chosen when it is imported."""
    return {
        "title": "Headrace",
        "uid": "headrace-calls",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(place, *panel) for place, panel in enumerate(PANELS)],
    }


def _panel(place: int, title: str, unit: str, targets: list[tuple[str, str]]) -> dict[str, Any]:
    row, column = divmod(place, _COLUMNS)
    return {
        "id": place + 1,
        "title": title,
        "type": "timeseries",
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": expression, "legendFormat": legend}
            for number, (expression, legend) in enumerate(targets)
        ],
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(dashboard(), indent=2) + "\n", encoding="utf-8")
