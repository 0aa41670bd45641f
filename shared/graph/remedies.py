"""What an administrator does about each refusal, with the exact commands."""

REPORT = (
    "Correct the request if the message names a fault in it. If not, give Graph's request id to Microsoft support. "
    "Then send POST /api/meetings/{id}/retry."
)
EVENT_DELETED = (
    "Somebody deleted the event, or the eventId belongs to another mailbox. Send a new request if the meeting is still "
    "wanted."
)
ONLINE_MEETING_MISSING = (
    "Teams has not made the online meeting known yet, or it has expired. Send POST /api/meetings/{id}/retry later; the "
    "event is kept and used again."
)
PASSCODE = (
    "A meeting policy of the organizer decides about passcodes; have a Teams administrator check it, or send a new "
    "request without joinMeetingIdSettings. Cancel this meeting, because its passcode cannot be changed."
)
LINK_IN_BODY = (
    "Leave the links of other Teams meetings out of the body: Exchange takes the first one for the event's own "
    "(https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1895). For a meeting that is new, cancel "
    "this one and send a request without the link; else change the body again."
)
LINK_CHANGED = (
    "Open the event in the organizer's Outlook calendar: its link leads to another meeting than before. "
    "Cancel this meeting and send a new request, or send the new link to the attendees."
)
JOIN_BLOCK_MISSING = (
    "Leave the body as it is; or open the event in the organizer's Outlook calendar, switch the online meeting off and "
    "on, and send a new request, because the link then changes. Nothing was changed."
)
ROOM_LIST_NOT_FOUND = (
    "Check the address of the room list with: Get-DistributionGroup -RecipientTypeDetails RoomList. A new list can take"
    " 24 hours to appear."
)
NOT_CALENDAR_BACKED = "Create meetings of kind 'calendar' if an app will read their transcripts or recordings."
TRANSCRIPT_NOT_FOUND = "Take the id from the list of the meeting's transcripts."
NOT_WEBVTT = (
    "Open the transcript in Teams. If it is complete there, report to Microsoft support that Graph returns other "
    "content for it with $format=text/vtt."
)
NOBODY_FREE = (
    "Find a time with POST /api/availability and PATCH the meeting with it; or have one of them make room, and send "
    "POST /api/meetings/{id}/retry."
)
ORGANIZER_BUSY = (
    "Find another time with POST /api/availability and PATCH the meeting with it; or have the organizer make room, and "
    "send POST /api/meetings/{id}/retry. For another organizer cancel the meeting and send a new request."
)
ORGANIZERS_REFUSED = (
    "Send GET /api/organizers/{organizer}/readiness for each candidate: it names what is missing, with the command "
    "that grants it. Then send POST /api/meetings/{id}/retry. To name other candidates cancel the meeting and send a "
    "new request."
)
ROOMS_REFUSED = (
    "Compare the addresses with GET /api/rooms, and PATCH the meeting with a roomPool of rooms that Graph knows; or "
    "send POST /api/meetings/{id}/retry once it shows their calendars."
)
TIME_ZONE = "Name the time zone by its Windows name, such as 'W. Europe Standard Time', or give the times in UTC."
_NOBODY_INVITED = " Nobody was invited."
_RETRY = "POST /api/meetings/{id}/retry"
_DELAY = "The change can take up to 30 minutes to reach Graph; then send POST /api/meetings/{id}/retry."
_ANY_CLIENT = "<the app's client id>"


def without_meeting(remedy: str) -> str:
    """Return a remedy without the advice to retry the meeting, for calls that are about none."""
    return remedy.replace(_RETRY, "the same request again").removesuffix(_NOBODY_INVITED)


def organizer_not_found(organizer: str) -> str:
    """Return what to do about an unknown organizer."""
    return (
        f"Check the spelling of {organizer}, or find the user with: Get-MgUser -UserId {_quoted(organizer)}. "
        "A new user can take 15 minutes to appear."
    )


def no_mailbox(organizer: str) -> str:
    """Return what to do about an organizer without a mailbox."""
    return (
        f"Give {organizer} a licence that includes Exchange Online, check with: Get-EXOMailbox -Identity "
        f"{_quoted(organizer)}; or ask for kind 'standalone', which may work without a mailbox."
    )


def provider(organizer: str, wanted: str) -> str:
    """Return what to do about a calendar that does not allow the provider."""
    return (
        f"Allow {wanted} for {organizer}: assign a Teams licence, and a meeting policy with: "
        f"Grant-CsTeamsMeetingPolicy -Identity {_quoted(organizer)} "
        "-PolicyName <a policy with -AllowOutlookAddIn $true>; or name an allowed provider in "
        f"onlineMeetingProvider.{_NOBODY_INVITED}"
    )


def mailbox_access(organizer: str, client_id: str | None) -> str:
    """Return how to give the app access to one mailbox and no other (Exchange RBAC for Applications).

    A role is assigned to the object id of the service principal, not to the client id:
    https://learn.microsoft.com/powershell/module/exchangepowershell/new-managementroleassignment#-app
    """
    app = client_id or _ANY_CLIENT
    return (
        "An Exchange administrator runs: "
        f"New-ServicePrincipal -AppId '{app}' -ObjectId <object id of the enterprise application>; "
        f'New-ManagementScope -Name Convene -RecipientRestrictionFilter "{_recipient(organizer)}" '
        "(widen the filter to all organizers); "
        f"New-ManagementRoleAssignment -App (Get-ServicePrincipal -Identity '{app}').ObjectId "
        "-Role 'Application Calendars.ReadWrite' -CustomResourceScope Convene; and checks with: "
        f"Test-ServicePrincipalAuthorization -Identity '{app}' -Resource {_quoted(organizer)}. "
        "In a tenant that was never customized, run Enable-OrganizationCustomization once first. "
        "Grant the app no Calendars permission in Entra ID as well: it would open every mailbox. "
        "The change can take two hours to reach Graph; then send POST /api/meetings/{id}/retry."
    )


def application_access_policy(organizer: str, client_id: str | None) -> str:
    """Return how to let the app make online meetings for a user.

    https://learn.microsoft.com/graph/cloud-communication-online-meeting-application-access-policy
    """
    app = client_id or _ANY_CLIENT
    return (
        "A Teams administrator runs: "
        f"New-CsApplicationAccessPolicy -Identity Convene -AppIds '{app}' "
        "-Description 'Convene makes online meetings'; "
        f"Grant-CsApplicationAccessPolicy -PolicyName Convene -Identity {_quoted(organizer)}. "
        "A user has one policy at a time: where one is granted already, add the app to it with "
        f"Set-CsApplicationAccessPolicy -Identity <policy> -AppIds @{{Add='{app}'}}. {_DELAY}"
    )


def online_meetings_denied(organizer: str, client_id: str | None) -> str:
    """Return what to check, the most likely cause first, where Teams refuses a user without a reason."""
    return (
        f"A Teams administrator checks, in this order: that {organizer} is a member of the tenant with a licence for "
        f"Teams, and not a guest; that the user's meeting policy allows private meetings: {_meeting_policy(organizer)} "
        "| Select-Object AllowPrivateMeetingScheduling; and the policy "
        f"that allows the app. {application_access_policy(organizer, client_id)}"
    )


def no_join_link(organizer: str) -> str:
    """Return what to check where Graph creates the organizer's events without a join link."""
    return (
        f"A Teams administrator checks that {organizer} has a licence for Teams, and that the user's meeting policy "
        f"allows private meetings and the Outlook add-in: {_meeting_policy(organizer)} | Select-Object "
        f"AllowPrivateMeetingScheduling, AllowOutlookAddIn. GET /api/organizers/{organizer}/readiness shows whether "
        f"the calendar allows Teams. Then send {_RETRY}; the event is kept and used again."
    )


def options_not_set(*, needs_licence: bool, names_people: bool) -> str:
    """Return what to do about options that Graph took and does not show."""
    licence = (
        " End-to-end encryption needs Teams Premium, sensitivity labels Teams Premium or Microsoft 365 E5."
        if needs_licence
        else ""
    )
    people = (
        " A role is only for a user of the tenant: name each by identity.user.id and upn, or give the app "
        "User.ReadBasic.All to look them up; guests from outside get none."
        if names_people
        else ""
    )
    return (
        "A meeting policy of the organizer, or a sensitivity label, overrules them, or this cloud does not have them; "
        f"have a Teams administrator check both, then send {_RETRY}.{licence}{people}"
    )


def transcripts_off(switch: str) -> str:
    """Return how to let apps read transcripts, which `switch` of the tenant's meeting configuration decides."""
    return (
        f"A Teams administrator runs: Set-CsTeamsMeetingConfiguration -Identity Global -{switch} $true. The change can "
        "take 30 minutes to reach Graph; then send the same request again."
    )


def application_permission(permission: str, client_id: str | None) -> str:
    """Return how to grant an application permission of Graph."""
    app = client_id or _ANY_CLIENT
    alternative = (
        " Or name organizers by their object id, which needs no lookup. Where Graph refuses although the app has "
        "User.ReadBasic.All, grant User.Read.All in the same way: since September 2026 it asks some for that "
        "(https://learn.microsoft.com/answers/questions/6019739)."
        if permission.startswith("User.")
        else ""
    )
    return (
        f"A privileged role administrator grants {permission} to the app: $app = Get-MgServicePrincipal -Filter "
        f'"appId eq \'{app}\'"; $graph = Get-MgServicePrincipal -Filter "appId eq '
        "'00000003-0000-0000-c000-000000000000'\"; New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id "
        "-PrincipalId $app.Id -ResourceId $graph.Id -AppRoleId ($graph.AppRoles | Where-Object Value -eq "
        f"'{permission}').Id.{alternative} A managed identity's token may keep its old permissions for a day."
    )


def _meeting_policy(organizer: str) -> str:
    """Return the command that shows a user's meeting policy."""
    return (
        f"Get-CsTeamsMeetingPolicy -Identity (Get-CsOnlineUser -Identity {_quoted(organizer)}).TeamsMeetingPolicy.Name"
    )


def _recipient(organizer: str) -> str:
    """Return the filter that holds for one mailbox.

    https://learn.microsoft.com/powershell/exchange/recipientfilter-properties
    """
    name = "UserPrincipalName" if "@" in organizer else "ExternalDirectoryObjectId"
    return f"{name} -eq {_quoted(organizer)}"


def _quoted(organizer: str) -> str:
    """Return an organizer as a PowerShell string."""
    return "'" + organizer.replace("'", "''") + "'"
