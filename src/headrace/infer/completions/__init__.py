"""One call to a chat model, and the ladder from what it wrote to a valid output."""
