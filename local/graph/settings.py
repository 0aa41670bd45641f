"""The tenant's behavior where Graph's varies, is undocumented, or has contradicting documentation."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, cast, get_args, get_origin, get_type_hints

from pydantic.alias_generators import to_camel, to_snake

from local.graph.errors import JsonObject
from local.graph.validation import BOOLEAN, DOUBLE, INT32, TEXT, Choice, Complex, Shape


@dataclass(slots=True)
class Settings:
    """The settings of a tenant; `PUT /_tenant/settings` takes them in camelCase.

    Attributes:
        transaction_id_memory: a transactionId is remembered; if false, it prevents no duplicate.
        transaction_id_outlives_event: a transactionId is still known once its event was deleted.
        duplicate_transaction_status: 400, which code written against Graph expects, or 409, which others do.
        lookup_lag_seconds: how long a new event's meeting cannot be found.
        lookup_miss: how a search without a result ends: `badRequest` (1026), `notFound` (3004) or `empty`.
        lookup_without_policy: how a search for a user without access policy is refused: `named`, or as `3003`.
        mailbox_concurrency: the concurrent calls that a mailbox allows, 0 for any number.
        retry_after: the Retry-After of further calls, in any form.
        latency_seconds: how long every call takes.
        join_link_missing: a new event says that it is online, but has no link until it is patched.
        join_link_delay_seconds: how long a new event's link takes to show.
        join_block: what Teams writes below an invitation: `2019` is the documented one, `2026` has a short link and
            keeps the long one behind "System reference", `longLink` has one long link and no ids.
        join_link_escaped_otherwise: the link in the body has other escapes than `joinUrl`: `%3A` for `%3a`.
        first_link_wins: the first Teams link of a body becomes the event's `joinUrl`, whosever it is; if false, the
            event's own link, anywhere in the body, keeps it.
            https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1895
        link_after_change: what every second change of other properties than the body does to the link: `kept`, `hidden`
            for `link_hidden_seconds`, or `lost` until the event is enabled again.
            https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2895
        link_hidden_seconds: how long a hidden link takes to show again.
        deleted_events: `forgotten`, or `readable` by immutable id and by extended property, in Deleted Items.
            https://learn.microsoft.com/graph/outlook-immutable-id
        shows_participants: the names and roles of participants are answered as they were sent; if false, the name is
            null, and so is the role `attendee`.
        role_needs_object_id: a role is given only to who is named by object id as well.
        cloud: `usGovernment` accepts the options that its schema lacks, and drops them.
        passcode_on_create: a plain create makes a passcode unless the request says not to.
        passcode_on_create_or_get: createOrGet makes a passcode; it takes no setting for it.
        refuses_odata_type: a change of a meeting with `@odata.type` in it is refused.
            https://github.com/microsoftgraph/msgraph-sdk-java/issues/2589
        read_basic_suffices: the directory may be read with User.ReadBasic.All; if false, that is refused.
        skype_gives_link: the Skype providers give a link; since Skype's retirement they give 201 and none.
        audio_conferencing: meetings have telephone numbers.
        may_read_places: the app has Place.Read.All.
        readable_artifacts: the kinds that the app has the permission for, of `attendanceReports`, `transcripts` and
            `recordings`, separated by commas.
        transcripts_allowed: the tenant lets apps read transcripts at all.
        transcript_attribution: the tenant lets apps read who said what, which WebVTT shows.
        items_a_page: how many attendance records, transcripts, recordings or rooms there are on a page.
    """

    transaction_id_memory: bool = True
    transaction_id_outlives_event: bool = True
    duplicate_transaction_status: int = 400
    lookup_lag_seconds: float = 0.0
    lookup_miss: Literal["badRequest", "notFound", "empty"] = "badRequest"
    lookup_without_policy: Literal["named", "3003"] = "named"
    mailbox_concurrency: int = 4
    retry_after: str = "1"
    latency_seconds: float = 0.0
    join_link_missing: bool = False
    join_link_delay_seconds: float = 0.0
    join_block: Literal["2019", "2026", "longLink"] = "2026"
    join_link_escaped_otherwise: bool = False
    first_link_wins: bool = True
    link_after_change: Literal["kept", "hidden", "lost"] = "kept"
    link_hidden_seconds: float = 5.0
    deleted_events: Literal["forgotten", "readable"] = "readable"
    shows_participants: bool = False
    role_needs_object_id: bool = True
    cloud: Literal["global", "usGovernment"] = "global"
    passcode_on_create: bool = True
    passcode_on_create_or_get: bool = False
    refuses_odata_type: bool = False
    read_basic_suffices: bool = True
    skype_gives_link: bool = False
    audio_conferencing: bool = True
    may_read_places: bool = True
    readable_artifacts: str = "attendanceReports,transcripts,recordings"
    transcripts_allowed: bool = True
    transcript_attribution: bool = True
    items_a_page: int = 100

    def as_json(self) -> JsonObject:
        """Return the settings under their names in the control API."""
        return {to_camel(name): value for name, value in asdict(self).items()}

    def change(self, given: Any) -> None:
        """Change the settings that an object of the control API names.

        Raises:
            GraphError: it is not an object of settings.
        """
        for name, value in _SHAPE.read(given, "badRequest").items():
            setattr(self, to_snake(name), value)


def _shape(kind: Any) -> Shape:
    if get_origin(kind) is Literal:
        return Choice(cast("tuple[str, ...]", get_args(kind)))
    return {bool: BOOLEAN, int: INT32, float: DOUBLE, str: TEXT}[kind]


_SHAPE: Final = Complex(
    "settings", {to_camel(field.name): _shape(get_type_hints(Settings)[field.name]) for field in fields(Settings)}
)
