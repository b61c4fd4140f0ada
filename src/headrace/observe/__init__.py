"""What happens in use, kept and joined to its cause: features of the entities that calls are about."""
