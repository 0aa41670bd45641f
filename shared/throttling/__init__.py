"""How many calls go to one mailbox at a time, from this instance and from the others."""
