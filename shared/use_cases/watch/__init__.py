"""The watch: what happens to a meeting in Graph after it was created is observed, and never undone."""
