"""`why`: the lineage of a trace, a chunk, a document, a generation or a release, both ways."""
