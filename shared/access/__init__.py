"""Who may call, and for which organizers.

callers     the setting CALLERS: who may call over HTTP, and the rights of each
organizers  the setting ALLOWED_ORGANIZERS
origin      who asks, with the idempotency key or the expected version

functions/http/caller.py identifies the caller, and shared/use_cases/admission.py asks both settings about an organizer.
"""
