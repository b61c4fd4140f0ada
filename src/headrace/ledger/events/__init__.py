"""Spans of calls, durable before they are acknowledged, apart from the ledger because they are bulky."""
