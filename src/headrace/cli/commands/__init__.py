"""One file per command: its options, the one call it makes, and how the result leaves."""
