"""Join links: which ones are passed on, and what can be read from them."""

import re
from urllib.parse import unquote, urlsplit

# Teams in each cloud (https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges), and the two
# Skypes that Outlook calendars may still have as their provider.
_HOSTS = frozenset(
    {
        "teams.microsoft.com",
        "teams.cloud.microsoft",
        "teams.live.com",
        "teams.microsoft.us",
        "gov.teams.microsoft.us",
        "dod.teams.microsoft.us",
        "teams.microsoftonline.cn",
        "join.skype.com",
        "meet.lync.com",
    }
)
_LONGEST = 4096


def is_join_link(url: str) -> bool:
    """Tell whether a URL leads to Teams or Skype and nowhere else."""
    if len(url) > _LONGEST or not re.fullmatch(r"https://[\x21-\x7e]+", url, re.IGNORECASE):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    on_known_host = parts.hostname in _HOSTS or (parts.hostname or "").endswith(".online.lync.com")
    return on_known_host and port in {None, 443} and "@" not in parts.netloc and "\\" not in url


def meeting_id_in(url: str) -> str | None:
    """Return the join meeting id of a short link, `https://teams.microsoft.com/meet/<id>?p=...`, or None."""
    match = re.match(r"/meet/([0-9]{6,20})(?:/|\Z)", unquote(urlsplit(url).path))
    return match[1] if match else None
