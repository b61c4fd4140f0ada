"""The gateway: one way for every call to a model, from the request to the checked, recorded output."""
