"""Quality: one score for each document, from its text, its neighbours and its age."""
