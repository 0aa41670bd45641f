"""A stand-in for Microsoft Graph: a tenant in memory that behaves as documented, and fails on demand."""
