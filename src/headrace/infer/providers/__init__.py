"""Connections to OpenAI-compatible services."""
