"""Join links: which ones the app accepts, and what they name."""

import html
import re
from urllib.parse import parse_qs, unquote, urlsplit

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
    """Return whether a URL leads to Teams or Skype and nowhere else."""
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


def organizer_in(url: str) -> str | None:
    """Return the organizer's object id that the long link of a Teams meeting names, or None."""
    if not is_join_link(url):
        return None
    context = parse_qs(urlsplit(url).query).get("context", [""])[0]
    found = re.search(r'"Oid"\s*:\s*"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"', context, re.IGNORECASE)
    return found[1].lower() if found else None


def names_teams_meeting(url: str) -> bool:
    """Return whether a URL is the long or the short link of a Teams meeting, and not of something else in Teams."""
    target = _unwrapped(url)
    if not is_join_link(target):
        return False
    return meeting_id_in(target) is not None or "/l/meetup-join/" in urlsplit(target).path.casefold()


def canonical_link(url: str) -> str:
    """Return one spelling for all links to one meeting.

    A link may have escapes in either case, be escaped twice, be HTML, or be wrapped by Safe Links:
    https://learn.microsoft.com/defender-office-365/safe-links-about. The Meeting ID identifies a short link, the thread
    a long one.
    """
    target = _unwrapped(url)
    if meeting_id := meeting_id_in(target):
        return meeting_id
    path = urlsplit(target).path if names_teams_meeting(target) else target
    return unquote(unquote(path)).casefold()


def _unwrapped(url: str) -> str:
    """Return the target of a Safe Link, any other URL without HTML escapes."""
    target = html.unescape(html.unescape(url)).strip()
    try:
        parts = urlsplit(target)
        if (parts.hostname or "").endswith(".safelinks.protection.outlook.com"):
            return parse_qs(parts.query).get("url", [target])[0]
    except ValueError:
        return ""
    return target
