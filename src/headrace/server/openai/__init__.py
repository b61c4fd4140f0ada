"""The OpenAI-compatible door: chat completions, embeddings and models, through the gateway."""
