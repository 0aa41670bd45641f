"""How much is asked of one mailbox at a time, in this instance and in the others."""
