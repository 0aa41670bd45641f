"""Microsoft's clouds: the hosts of Graph and of the login, and what Graph has there.

https://learn.microsoft.com/graph/deployments; docs/national-clouds.md says what follows from it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud.

    Attributes:
        name: as Microsoft writes it.
        login: the host that issues its tokens.
        online_meetings: whether Graph has `/users/{id}/onlineMeetings` for apps:
            https://learn.microsoft.com/graph/api/application-post-onlinemeetings
        unknown_options: the meeting options that its Graph does not have.
    """

    name: str
    login: str
    online_meetings: bool = True
    unknown_options: frozenset[str] = frozenset()


# What onlineMeetingBase lacks in schemas/v1.0-Fairfax.csdl of https://github.com/microsoftgraph/msgraph-metadata. Its
# type is open, so Graph accepts these names, and ignores them.
_NOT_IN_US_GOVERNMENT = frozenset(
    {
        "allowBreakoutRooms",
        "allowCopyingAndSharingMeetingContent",
        "allowLiveShare",
        "allowPowerPointSharing",
        "allowRecording",
        "allowTranscription",
        "allowWhiteboard",
        "allowedLobbyAdmitters",
        "isEndToEndEncryptionEnabled",
        "meetingSpokenLanguageTag",
        "sensitivityLabelAssignment",
    }
)

GLOBAL = Cloud("the global service", "login.microsoftonline.com")

# By the host of its Graph.
CLOUDS = {
    "graph.microsoft.com": GLOBAL,
    "graph.microsoft.us": Cloud("US Government L4", "login.microsoftonline.us", unknown_options=_NOT_IN_US_GOVERNMENT),
    "dod-graph.microsoft.us": Cloud(
        "US Government L5 (DOD)", "login.microsoftonline.us", unknown_options=_NOT_IN_US_GOVERNMENT
    ),
    "microsoftgraph.chinacloudapi.cn": Cloud(
        "China operated by 21Vianet", "login.chinacloudapi.cn", online_meetings=False
    ),
}
