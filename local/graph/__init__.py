"""A Microsoft Graph of our own: a tenant in memory that behaves as Graph is documented to, and misbehaves on demand."""
