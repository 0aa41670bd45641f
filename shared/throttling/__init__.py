"""How much is asked of one mailbox at a time, in this instance and in the others, and for how long nothing after a 429.

A 429 of Graph becomes a ThrottledError (shared/graph/error_translation.py). It closes the mailbox: at the end of
`MailboxGate.access`, or for a provision by shared/use_cases/provision/postponement.py, which queues the meeting again.
"""
