"""How records look to a person: everything here imports rich and is loaded when something is shown."""
