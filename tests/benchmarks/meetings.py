"""The meetings that every measurement asks for."""

import json
from typing import Any

# Enough that no mailbox gets more calls at once than Graph allows.
ORGANIZERS = 16


def meeting_request(number: int) -> dict[str, Any]:
    """Return the documentation's calendar meeting, for one organizer after the other."""
    return {
        "organizer": f"user{number % ORGANIZERS}@contoso.com",
        "subject": "Prep for customer meeting",
        "body": {"contentType": "html", "content": "Does this time work for you?"},
        "start": {"dateTime": "2027-11-20T13:00:00", "timeZone": "Pacific Standard Time"},
        "end": {"dateTime": "2027-11-20T14:00:00", "timeZone": "Pacific Standard Time"},
        "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com", "name": "Adele Vance"}, "type": "required"}],
    }


def key_of(number: int) -> str:
    """Return the idempotency key of a meeting."""
    return f"bench-{number}"


def queue_message(number: int) -> str:
    """Return a meeting as it is put on the request queue."""
    return json.dumps(meeting_request(number) | {"idempotencyKey": key_of(number)})
