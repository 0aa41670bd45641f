"""The use cases and what they need; nothing here knows Azure Functions."""

VERSION = "0.2.0"  # its history: CHANGELOG.md
