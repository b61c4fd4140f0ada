"""Where cached outputs lie: an SQLite file, or Redis."""
