"""How far the sources are ahead of what is searchable, what is owed, and the life of one document."""
