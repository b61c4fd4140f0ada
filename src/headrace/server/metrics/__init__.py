"""Prometheus metrics of calls, at /metrics."""
