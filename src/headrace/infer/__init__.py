"""Calls to models: providers, embedders, prompts and answering models."""
