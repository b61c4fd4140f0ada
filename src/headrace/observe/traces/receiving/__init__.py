"""Spans and logs that arrive as OTLP: redacted, brought to one shape, kept once, and sent on."""
