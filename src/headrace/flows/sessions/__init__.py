"""Conversations: a session's history in questions and calls."""
