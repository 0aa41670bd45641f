"""The organizer and the guests of a meeting, who act in Outlook."""

from collections.abc import Mapping
from typing import Any

from local.graph.attendee_responses import respond
from local.graph.event_removal import cancel_event, delete_event, restore_event
from local.graph.events import update_event
from tests.app_fixture import World

LATER = {
    "start": {"dateTime": "2027-01-21T13:00:00", "timeZone": "Pacific Standard Time"},
    "end": {"dateTime": "2027-01-21T14:00:00", "timeZone": "Pacific Standard Time"},
}


class Outlook:
    """The organizer and the guests, who act on the only event that this app made."""

    def __init__(self, world: World) -> None:
        self._world = world
        [self._event] = world.events()
        self._mailbox = world.tenant.mailboxes["alexw@contoso.com"]

    def edit(self, changes: Mapping[str, Any]) -> None:
        update_event(self._world.tenant, self._mailbox, self._event, dict(changes))

    def cancel(self) -> None:
        cancel_event(self._world.tenant, self._mailbox, self._event, "Not today")

    def delete(self) -> None:
        delete_event(self._world.tenant, self._mailbox, self._event)

    def restore(self) -> None:
        restore_event(self._world.tenant, self._mailbox, self._event)

    def respond(self, address: str, response: str, proposed: dict[str, Any] | None = None) -> None:
        respond(self._world.tenant, self._event, address, response, proposed)

    def move_to_another_calendar(self) -> None:
        """Give the event another id, under which its properties find it."""
        event, mailbox = self._event, self._mailbox
        del mailbox.by_id[event.immutable_id]
        mailbox.by_id["AAkALgAAAAAAOther0001"] = event
        event.immutable_id = "AAkALgAAAAAAOther0001"
