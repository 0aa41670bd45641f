"""The setting ALLOWED_ORGANIZERS, and whether it allows an organizer: checked before any call to Graph."""

import re

from shared.validation.addresses import mailbox_key

_ORGANIZER = re.compile(r"\*|[^@\s,;*]*@[^@\s,;*]+|[0-9a-f]{8}(-[0-9a-f]{4,12}){4}")


def organizer_entry(text: str) -> str:
    """Return an entry in comparable form: an object id, a user principal name, an @domain suffix or *.

    Raises:
        ValueError: the text is none of these.
    """
    entry = mailbox_key(text.strip())
    if not _ORGANIZER.fullmatch(entry):
        raise ValueError("is not an object id, a user principal name, an @domain suffix or *")
    return entry


def may_organize(organizer: str, allowed: frozenset[str]) -> bool:
    """Return whether the setting allows an organizer, by the name that the caller uses."""
    name = mailbox_key(organizer)
    suffix = name[name.rfind("@") :] if "@" in name else name
    return not allowed.isdisjoint({"*", name, suffix})
