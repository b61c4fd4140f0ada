"""Appended, numbered changes of the ledger's tables; a published one is never edited."""
