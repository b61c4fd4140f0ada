"""What LLM steps wrote: outputs by content, the state of each document, and dead letters."""
