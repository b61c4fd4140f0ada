"""The models that calls go to: OpenAI-compatible services and Anthropic's, whole answers and streams."""
