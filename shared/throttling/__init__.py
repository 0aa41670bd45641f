"""How much is asked of one mailbox at a time, in this instance and in the others, and for how long nothing after a 429.

A 429 of Graph, step by step:

1. shared/graph/error_translation.py makes it a ThrottledError, with the Retry-After as its delay.
2. `MailboxGate` in mailbox_gate.py closes the mailbox for that time; shared_mailbox_states.py closes it everywhere.
3. For a provision, shared/use_cases/provision/postponement.py closes it, and queues the meeting again with the delay.
4. A caller who waits for Graph gets 503 with Retry-After: functions/http/problems.py.
5. The watch (shared/use_cases/watch/watch.py) continues with other mailboxes and returns to this one.
"""
