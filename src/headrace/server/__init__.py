"""The HTTP door, its page, and the MCP door."""
