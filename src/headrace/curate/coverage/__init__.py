"""How much of what users ask the cases cover, by topic."""
