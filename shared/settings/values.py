"""Parsers of the settings' values: each takes a text, and raises ValueError with what is wrong with it."""

import base64
import ipaddress
import re
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

import isodate

from shared.validation.ncrontab import parse_ncrontab

# Any of the app's times plus or minus this stays within four-digit years.
_LONGEST_DURATION = timedelta(days=36_525)
_HOST = re.compile(r"[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)*(:[0-9]{1,5})?")
# In the global, US government and China clouds.
_EVENT_GRID_HOSTS = (".eventgrid.azure.net", ".eventgrid.azure.us", ".eventgrid.azure.cn")
# https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata
_QUEUE_NAME = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")


def is_loopback(host: str | None) -> bool:
    """Return whether a URL's host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_connection_string(text: str) -> bool:
    """Return whether a text can be the connection string of a storage account."""
    # https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
    parts = {name.strip().casefold(): value for name, _, value in (part.partition("=") for part in text.split(";"))}
    if parts.get("usedevelopmentstorage", "").strip().casefold() == "true":
        return set(parts) <= {"usedevelopmentstorage", ""}
    if parts.get("accountname") and parts.get("accountkey"):
        return _is_base64(parts["accountkey"])
    located = parts.get("accountname") or (parts.get("queueendpoint") and parts.get("tableendpoint"))
    return bool(located and parts.get("sharedaccesssignature"))


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def is_https(uri: str) -> bool:
    """Return whether a text is an https URL, or one on this machine."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or is_loopback(parts.hostname))


def positive_integer(text: str) -> int:
    """Return a whole number from 1 to 9999."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) < 1:
        raise ValueError("is not a whole number from 1 to 9999")
    return int(text)


def queue_name(text: str) -> str:
    """Return a queue's name that leaves room for its poison queue's."""
    # The poison queue's name, seven characters longer, must fit too.
    if not _QUEUE_NAME.fullmatch(text) or len(text) > 63 - len("-poison"):
        raise ValueError("is not a queue name: 3 to 56 lower-case letters, digits and single hyphens")
    return text


def optional_queue_name(text: str) -> str | None:
    """Return a queue's name, or None for an empty text."""
    return queue_name(text) if text else None


def on_or_off(text: str) -> bool:
    """Return whether something is on."""
    if text.casefold() not in {"on", "off"}:
        raise ValueError("is neither on nor off")
    return text.casefold() == "on"


def topic_endpoint(text: str) -> str | None:
    """Return the endpoint of an Event Grid custom topic, or None for an empty text.

    https://learn.microsoft.com/azure/event-grid/custom-topics
    """
    if not text:
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    on_event_grid = parts.scheme == "https" and host.endswith(_EVENT_GRID_HOSTS) and port in {None, 443}
    on_this_machine = parts.scheme in {"http", "https"} and is_loopback(host)
    if not (on_event_grid or on_this_machine) or parts.path != "/api/events" or parts.query or "@" in parts.netloc:
        raise ValueError(
            "is not the endpoint of an Event Grid custom topic, such as "
            "https://NAME.REGION-1.eventgrid.azure.net/api/events"
        )
    return text


def duration(text: str) -> timedelta:
    """Return an ISO 8601 duration, longer than nothing and at most a hundred years."""
    try:
        parsed = isodate.parse_duration(text, as_timedelta_if_possible=True)
        # Months and years vary in length: they count from New Year 2001.
        new_year = datetime(2001, 1, 1, tzinfo=UTC)
        length = cast("timedelta", new_year + parsed - new_year)
    except (ValueError, OverflowError) as error:
        raise ValueError("is not an ISO 8601 duration such as PT24H or P90D") from error
    if length <= timedelta(0):
        raise ValueError("is not longer than zero")
    if length > _LONGEST_DURATION:
        raise ValueError("is longer than a hundred years")
    return length


def host_names(text: str) -> frozenset[str]:
    """Return the hosts of a comma-separated list, in lower case, each as a URL has it: a name, or name and port."""
    hosts = frozenset(entry.strip().casefold() for entry in text.split(",") if entry.strip())
    if malformed := sorted(host for host in hosts if not _HOST.fullmatch(host)):
        raise ValueError(
            "is not a comma-separated list of host names such as api.contoso.com or api.contoso.com:8443: "
            + ", ".join(malformed)
        )
    return hosts


def optional_host_name(text: str) -> str | None:
    """Return a host as a URL has it, in lower case, or None for an empty text."""
    hosts = host_names(text)
    if len(hosts) > 1:
        raise ValueError("is not one host name")
    return next(iter(hosts), None)


def ncrontab(text: str) -> str:
    """Return an NCRONTAB expression that the Functions host accepts, and that occurs at some time."""
    try:
        schedule = parse_ncrontab(text)
    except ValueError as error:
        raise ValueError(f"is not an NCRONTAB expression such as 0 */5 * * * *: it {error}") from error
    if schedule.next_after(datetime.now(UTC)) is None:
        raise ValueError("is an NCRONTAB expression that never occurs: none of its months has such a day")
    return text
