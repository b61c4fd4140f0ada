"""Sessions: what was said in conversations, kept in order and given back within a budget."""
