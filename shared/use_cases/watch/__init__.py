"""The watch: observe what happens to a meeting in Graph after it was created, and undo nothing."""
