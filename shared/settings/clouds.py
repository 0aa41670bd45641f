"""Microsoft's clouds: where Graph and the login are in each, and what Graph has there.

https://learn.microsoft.com/graph/deployments; docs/national-clouds.md says what follows from it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud.

    Attributes:
        name: as Microsoft has it.
        login: the host that issues its tokens.
        online_meetings: whether Graph has `/users/{id}/onlineMeetings` for apps:
            https://learn.microsoft.com/graph/api/application-post-onlinemeetings
    """

    name: str
    login: str
    online_meetings: bool = True


GLOBAL = Cloud("the global service", "login.microsoftonline.com")

# By the host of its Graph.
CLOUDS = {
    "graph.microsoft.com": GLOBAL,
    "graph.microsoft.us": Cloud("US Government L4", "login.microsoftonline.us"),
    "dod-graph.microsoft.us": Cloud("US Government L5 (DOD)", "login.microsoftonline.us"),
    "microsoftgraph.chinacloudapi.cn": Cloud(
        "China operated by 21Vianet", "login.chinacloudapi.cn", online_meetings=False
    ),
}
