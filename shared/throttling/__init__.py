"""How much is asked of one mailbox at a time, in this instance and in the others, and for how long nothing after a 429.

A 429 of Graph, step by step:

1. shared/graph/error_translation.py makes it a ThrottledError, with the Retry-After as its delay.
2. `MailboxGate` in mailbox_gate.py closes the mailbox for that time; shared_mailbox_states.py closes it everywhere.
3. An attempt to provision (shared/use_cases/provision/provisioner.py) ends, or does not begin where the mailbox is
   closed already; postponement.py queues the meeting again with the delay.
4. A caller whose request itself asks Graph, such as a search, gets 503 with Retry-After: functions/http/problems.py. A
   caller who creates or changes a meeting gets it as it is, with `nextAttemptAt`.
5. The watch (shared/use_cases/watch/watch.py) continues with other mailboxes and returns to this one.
"""
