"""Spans of calls, of this workspace and of senders elsewhere."""
