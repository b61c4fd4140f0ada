"""The online store: the newest values of each entity, in SQLite or Redis; always rebuildable."""
