"""Spans that left the event store: Parquet files by day, and the rows of the ledger that name them."""
