"""One form for all spellings of an address or user principal name, for allow-lists, duplicates, gates and lookups."""

import hashlib
import unicodedata

import idna

_LONGEST = 320  # of an address, by RFC 3696


def mailbox_key(name: str) -> str:
    """Return the form in which all spellings of one address, user principal name or object id are the same.

    It ignores case, and the difference between canonically equivalent forms in Unicode and between the two forms of an
    international domain (RFC 5890). Nothing else: `casefold` would turn `maße` into `masse`, which may be another
    person's mailbox.
    """
    if name.isascii() or len(name) > _LONGEST:
        return name.lower()
    local, at, domain = unicodedata.normalize("NFC", name).lower().rpartition("@")
    return f"{local}{at}{_ascii_domain(domain) if at else domain}"


def mailbox_digest(name: str) -> str:
    """Return a digest of `mailbox_key`, for keys of rows in which no name may stand."""
    return hashlib.sha256(mailbox_key(name).encode()).hexdigest()[:40]


def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain).decode()
    except idna.IDNAError:  # not a domain: left unchanged
        return domain
