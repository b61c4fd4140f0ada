"""Gates: checks that a parsed document must pass before it is chunked and served."""
