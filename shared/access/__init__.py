"""Who may call, and for which organizers."""
