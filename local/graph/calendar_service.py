"""Requests for the calendar itself."""

from local.graph.free_busy import schedules
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.records import Mailbox
from local.graph.tenant import Tenant
from local.graph.time_zones import DOCUMENTED_IANA_NAMES, windows_names
from local.graph.views import calendar_view, context


def read_calendar(mailbox: Mailbox) -> GraphAnswer:
    """Answer GET /calendar."""
    return GraphAnswer(200, {"@odata.context": context(mailbox.user, "calendar"), **calendar_view(mailbox)})


def supported_zones(function: str) -> GraphAnswer:
    """Answer GET /outlook/supportedTimeZones.

    https://learn.microsoft.com/graph/api/outlookuser-supportedtimezones
    """
    names = sorted(DOCUMENTED_IANA_NAMES) if "'iana'" in function.lower() else windows_names()
    return GraphAnswer(
        200,
        {
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.timeZoneInformation)",
            "value": [{"alias": name, "displayName": name} for name in names],
        },
    )


def get_schedule(tenant: Tenant, request: GraphRequest) -> GraphAnswer:
    """Answer POST /calendar/getSchedule; parameters may start with a capital letter, as in samples."""
    given = {name[:1].lower() + name[1:]: value for name, value in request.json().items()}
    kind = "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.scheduleInformation)"
    return GraphAnswer(200, {"@odata.context": kind, "value": schedules(tenant, given)})
