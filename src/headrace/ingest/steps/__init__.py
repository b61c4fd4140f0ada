"""LLM steps: what a model writes of a document, between its gates and its chunks."""
