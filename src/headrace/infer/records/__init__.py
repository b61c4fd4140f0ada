"""Records: validated outputs with their envelope and original bytes, read in any version of their schema."""
