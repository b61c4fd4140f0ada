"""Features: values of an entity as of a time, the same ones for training rows and for calls."""
