"""What the app does, one module or package for each use case."""
