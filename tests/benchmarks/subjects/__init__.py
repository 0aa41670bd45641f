"""The processes that are measured, and the Graph that they call."""
