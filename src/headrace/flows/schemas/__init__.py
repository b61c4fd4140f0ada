"""Schemas of a workspace: their versions, the migrations between them, and the check that all is readable."""
