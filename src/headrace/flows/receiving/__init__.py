"""What users said, as OTLP tells it, becomes signals."""
