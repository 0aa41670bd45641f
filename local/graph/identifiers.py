"""Identifiers in the formats of Exchange and Teams, from one seed."""

import base64
import random
from typing import Final
from uuid import UUID

_PASSCODE_CHARACTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


class Identifiers:
    """A source of identifiers; the same seed gives the same ones in the same order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        # Separate, so that the number of requests does not change the meetings' identifiers.
        self._request_random = random.Random(seed + 1)  # noqa: S311

    def request_id(self) -> str:
        """Return a `request-id`."""
        return str(UUID(int=self._request_random.getrandbits(128), version=4))

    def guid(self) -> str:
        """Return a GUID."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def event_id(self) -> str:
        """Return the id of an item in a folder of a mailbox."""
        return self._exchange_id("AAMkADAw", 72)

    def immutable_event_id(self) -> str:
        """Return the id that an item keeps while it stays in the mailbox."""
        return self._exchange_id("AAkALgAA", 66)

    def change_key(self) -> str:
        """Return a change key."""
        return base64.b64encode(b"\x35\x45\xf2\xc2" + self._random.randbytes(18)).decode()

    def ical_uid(self) -> str:
        """Return an iCalendar UID as Outlook makes them."""
        stamp, unique = self._random.randbytes(8).hex(), self._random.randbytes(16).hex()
        return f"040000008200E00074C5B7101A82E00800000000{stamp}000000000000000010000000{unique}".upper()

    def thread(self) -> str:
        """Return the variable part of a meeting's chat thread: a GUID in base64."""
        return base64.b64encode(self.guid().encode()).decode()

    def digits(self, count: int) -> str:
        """Return a number with exactly this many digits."""
        return str(self._random.randrange(10 ** (count - 1), 10**count))

    def passcode(self, length: int = 8) -> str:
        """Return a meeting's passcode."""
        return "".join(self._random.choices(_PASSCODE_CHARACTERS, k=length))

    def _exchange_id(self, prefix: str, length: int) -> str:
        return prefix + base64.urlsafe_b64encode(self._random.randbytes(length - 1)).decode()


def online_meeting_id(organizer_id: str, thread: str) -> str:
    """Return the id of a Teams meeting, which contains the organizer and the thread."""
    return base64.b64encode(f"1*{organizer_id}*0**19:meeting_{thread}@thread.v2".encode()).decode()


def teams_join_url(tenant_id: str, organizer_id: str, thread: str) -> str:
    """Return the link to join a Teams meeting, escaped as Teams escapes it."""
    context = f"%7b%22Tid%22%3a%22{tenant_id}%22%2c%22Oid%22%3a%22{organizer_id}%22%7d"
    return f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0?context={context}"


def teams_options_url(tenant_id: str, organizer_id: str, thread: str) -> str:
    """Return the link to a meeting's options, ready for a language at its end."""
    return (
        f"https://teams.microsoft.com/meetingOptions/?organizerId={organizer_id}&tenantId={tenant_id}"
        f"&threadId=19_meeting_{thread}@thread.v2&messageId=0&language="
    )
