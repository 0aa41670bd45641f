"""The app at scale: its own scheduling over a light model of Graph, storage and the host, in simulated time."""
