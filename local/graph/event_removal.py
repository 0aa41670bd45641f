"""How events leave the calendar, and what remains of them.

https://learn.microsoft.com/graph/api/event-cancel, https://learn.microsoft.com/graph/api/event-delete
"""

from local.graph.errors import GraphError, item_not_found
from local.graph.meeting_link import detach_link
from local.graph.online_meetings import delete_meeting
from local.graph.records import Event, Mailbox
from local.graph.tenant import Tenant


def cancel_event(tenant: Tenant, mailbox: Mailbox, event: Event, comment: str) -> None:
    """Cancel an event for its attendees, with a comment."""
    if event.deleted:
        raise item_not_found()
    _remove(tenant, mailbox, event, comment)


def delete_event(tenant: Tenant, mailbox: Mailbox, event: Event) -> None:
    """Delete an event, which cancels it for its attendees as well.

    Deleting it again by its immutable id fails: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3047.
    """
    if event.deleted:
        raise GraphError(403, "ErrorCannotDeleteObject", "Object cannot be deleted.")
    _remove(tenant, mailbox, event, "")


def restore_event(tenant: Tenant, mailbox: Mailbox, event: Event) -> None:
    """Move an event from Deleted Items back to the calendar, as Outlook's "Restore" does.

    Its usual id changes once more; attendees who got a cancellation are not notified.
    """
    if not event.deleted:
        raise item_not_found()
    del mailbox.deleted_items[event.id], mailbox.by_id[event.id]
    event.deleted = event.cancelled = False
    event.id = tenant.identifiers.event_id()
    event.modified, event.change_key = tenant.now(), tenant.identifiers.change_key()
    mailbox.events[event.id] = mailbox.by_id[event.id] = event


def _remove(tenant: Tenant, mailbox: Mailbox, event: Event, comment: str) -> None:
    attendees = [attendee["emailAddress"]["address"] for attendee in event.properties["attendees"]]
    tenant.send("cancellation", event, attendees, comment)
    del mailbox.events[event.id], mailbox.by_id[event.id]
    if event.transaction_id is not None and not tenant.settings.transaction_id_outlives_event:
        mailbox.by_transaction.pop(event.transaction_id, None)
    if tenant.settings.deleted_events == "readable":
        _keep_deleted(tenant, mailbox, event, cancelled=bool(attendees))
        return
    del mailbox.by_id[event.immutable_id]
    for name, value in event.extended.items():
        mailbox.by_extended[name, value.lower()].pop(event.immutable_id, None)
    detach_link(tenant, event)


def _keep_deleted(tenant: Tenant, mailbox: Mailbox, event: Event, *, cancelled: bool) -> None:
    """Move an event to Deleted Items: its usual id changes; its immutable id and its link stay."""
    event.deleted, event.cancelled = True, cancelled
    event.id = tenant.identifiers.event_id()
    event.modified, event.change_key = tenant.now(), tenant.identifiers.change_key()
    mailbox.deleted_items[event.id] = mailbox.by_id[event.id] = event
    if event.meeting and event.meeting.id in tenant.meetings:
        delete_meeting(tenant, event.meeting)
