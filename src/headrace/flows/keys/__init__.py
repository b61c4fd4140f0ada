"""Keys of callers: make, list and revoke them, recognise one, count what it uses."""
