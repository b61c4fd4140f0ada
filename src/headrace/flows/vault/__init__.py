"""What can be done with the vault from outside: look at it, reveal a value, rotate its keys."""
