"""Plan what a corpus needs, and bring its generation in step with its sources."""
