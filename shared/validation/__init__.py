"""What comes from outside, read strictly: JSON, closed models, findings, text, times, time zones, paging."""
