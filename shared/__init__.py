"""The use cases and what they need; nothing here knows Azure Functions."""
