"""The URLs in answers: absolute, and reachable for the caller, even behind a proxy."""

import re
from urllib.parse import quote

import azure.functions as func

from functions.http.header_lists import read_elements
from shared.bootstrap import app

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_BATCH = re.compile("/batch$", re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def url_of(req: func.HttpRequest) -> str:
    """Return the absolute URL of a request without its query, which may hold a key.

    A proxy that answers under another name sends that name in `Forwarded` (RFC 7239) or `X-Forwarded-Host`, and the
    scheme in `proto` or `X-Forwarded-Proto`. Both are trusted only when the setting TRUSTED_HOSTS names the host,
    because anyone can send these headers. The same holds for `Host` where App Service gives the app its own name
    (https://learn.microsoft.com/azure/app-service/reference-app-settings#domain-and-dns). The path is
    always the app's own: a gateway that serves it under another path rewrites `Location`, as API Management's policy
    find-and-replace does (https://learn.microsoft.com/azure/api-management/find-and-replace-policy).
    """
    return public_url(req, app().trusted_hosts, app().own_host)


def public_url(req: func.HttpRequest, trusted_hosts: frozenset[str], own_host: str | None = None) -> str:
    """Return the URL that `url_of` describes; without `own_host` the app's name is the one in `Host`."""
    own_scheme, asked_host, path = _own(req)
    path = path.rstrip("/")
    host, scheme = _forwarded(req)
    host = (host or asked_host).casefold()
    scheme = scheme if scheme in _DEFAULT_PORTS else own_scheme
    host = host.removesuffix(_DEFAULT_PORTS.get(scheme, ""))
    if host in trusted_hosts:
        return f"{scheme}://{host}{path}"
    return f"{own_scheme}://{own_host or asked_host}{path}"


def path_of(req: func.HttpRequest) -> str:
    """Return the path of a request's URL."""
    return _own(req)[2]


def _own(req: func.HttpRequest) -> tuple[str, str, str]:
    """Return scheme, host and path of a request's URL, without regard to proxies.

    The host is the value of the header `Host`; a malformed one is ignored.
    """
    scheme, _, rest = req.url.partition("://")
    host = re.split("[/?#]", rest, maxsplit=1)[0]
    path = re.split("[?#]", rest.removeprefix(host), maxsplit=1)[0]
    return scheme, host if _HOST.fullmatch(host) else "localhost", path


def meeting_url(req: func.HttpRequest, meeting_id: str) -> str:
    """Return a meeting's absolute URL for `Location`, from the URL of a request for it, for many, or below it.

    A function key that the caller sent in the query, as `code`, stays in the URL: workflows poll `Location`, and some
    do not repeat the headers of their first request.
    https://learn.microsoft.com/azure/architecture/patterns/async-request-reply
    """
    before, _, _ = url_of(req).partition(f"/{meeting_id}")
    key = None if "x-functions-key" in req.headers else req.params.get("code")
    query = f"?code={quote(key, safe='')}" if key else ""
    return f"{_BATCH.sub('', before)}/{meeting_id}{query}"


def _forwarded(req: func.HttpRequest) -> tuple[str, str]:
    """Return the host and scheme that the first proxy received, each empty if no proxy names it."""
    elements = read_elements(req.headers.get("forwarded"))
    first = dict(elements[0]) if elements else {}
    host = first.get("host") or _first(req.headers.get("x-forwarded-host"))
    scheme = first.get("proto") or _first(req.headers.get("x-forwarded-proto"))
    return host, scheme.casefold()


def _first(header: str | None) -> str:
    return (header or "").partition(",")[0].strip()
