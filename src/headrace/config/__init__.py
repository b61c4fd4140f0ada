"""What headrace.toml says: found, read, checked, and written anew by `headrace init`."""
