"""What lets the app into Microsoft 365: scripts for administrators, and the decisions that they share."""
