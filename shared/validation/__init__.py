"""What comes from outside, read strictly: JSON, closed models, findings, text of one line or more, times, paging."""
