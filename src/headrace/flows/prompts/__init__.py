"""Prompts as they are written, labelled and released."""
