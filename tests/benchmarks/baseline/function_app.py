"""What a user would write from the documentation: a queue trigger, models in and out, no ledger, no result.

One client serves the whole process, the quicker of the two ways that the documentation shows.
https://learn.microsoft.com/graph/sdks/create-client,
https://learn.microsoft.com/graph/api/user-post-events and
https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger
"""

import json
import os
from typing import Any

import azure.functions as func
from azure.identity.aio import DefaultAzureCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.attendee_type import AttendeeType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.online_meeting_provider_type import OnlineMeetingProviderType
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

app = func.FunctionApp()

# What GraphServiceClient(DefaultAzureCredential(), scopes) does, but for the one host that it sends its token to.
authentication = AzureIdentityAuthenticationProvider(
    DefaultAzureCredential(),  # pyright: ignore[reportArgumentType] - the documentation's own example
    scopes=["https://graph.microsoft.com/.default"],
    allowed_hosts=["127.0.0.1"],
)
adapter = GraphRequestAdapter(authentication)
adapter.base_url = os.environ["GRAPH_BASE_URL"]
client = GraphServiceClient(request_adapter=adapter)


async def create_event(request: dict[str, Any]) -> None:
    """Make the event that a request asks for."""
    event = Event(
        subject=request["subject"],
        body=ItemBody(content_type=BodyType.Html, content=request["body"]["content"]),
        start=DateTimeTimeZone(date_time=request["start"]["dateTime"], time_zone=request["start"]["timeZone"]),
        end=DateTimeTimeZone(date_time=request["end"]["dateTime"], time_zone=request["end"]["timeZone"]),
        attendees=[
            Attendee(
                email_address=EmailAddress(
                    address=attendee["emailAddress"]["address"], name=attendee["emailAddress"]["name"]
                ),
                type=AttendeeType.Required,
            )
            for attendee in request["attendees"]
        ],
        is_online_meeting=True,
        online_meeting_provider=OnlineMeetingProviderType.TeamsForBusiness,
        transaction_id=request["idempotencyKey"],
    )
    made = await client.users.by_user_id(request["organizer"]).events.post(event)
    if made is None or made.online_meeting is None or not made.online_meeting.join_url:
        raise RuntimeError("the event has no join link")


@app.queue_trigger("msg", queue_name="meeting-requests", connection="MeetingStorage")
async def make_meeting(msg: func.QueueMessage) -> None:
    """Make the event that a message asks for."""
    await create_event(json.loads(msg.get_body()))
