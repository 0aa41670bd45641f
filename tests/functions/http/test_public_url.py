"""URLs behind proxies: only hosts that the operator trusts get into a Location."""

import re
from urllib.parse import urlsplit

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.http.public_url import path_of, public_url

OWN = "http://app.example:7071/api/meetings"
TRUSTED = frozenset({"api.contoso.com", "gateway.contoso.com:8443"})
NAMES = ("forwarded", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "x-forwarded-port")


def url(headers: dict[str, str], trusted: frozenset[str] = TRUSTED, own: str = OWN) -> str:
    return public_url(_request(own, headers), trusted)


def _request(own: str, headers: dict[str, str]) -> func.HttpRequest:
    return func.HttpRequest("POST", f"{own}?code=secret", headers=headers, body=b"")


@pytest.mark.parametrize(
    ("headers", "start"),
    [
        ({}, "http://app.example:7071"),
        ({"x-forwarded-host": "api.contoso.com"}, "http://api.contoso.com"),
        ({"x-forwarded-host": "API.Contoso.com", "x-forwarded-proto": "HTTPS"}, "https://api.contoso.com"),
        ({"x-forwarded-host": "api.contoso.com:443", "x-forwarded-proto": "https"}, "https://api.contoso.com"),
        ({"x-forwarded-host": "api.contoso.com, inner.example"}, "http://api.contoso.com"),
        (
            {"x-forwarded-host": "gateway.contoso.com:8443", "x-forwarded-proto": "https, http"},
            "https://gateway.contoso.com:8443",
        ),
        ({"forwarded": "for=192.0.2.60;proto=https;host=api.contoso.com"}, "https://api.contoso.com"),
        ({"forwarded": 'Host="gateway.contoso.com:8443";Proto=https, host=b'}, "https://gateway.contoso.com:8443"),
        ({"x-forwarded-host": "api.contoso.com", "x-forwarded-proto": "javascript"}, "http://api.contoso.com"),
        ({"x-forwarded-host": "api.contoso.com", "x-forwarded-prefix": "//evil"}, "http://api.contoso.com"),
        ({"x-forwarded-host": "gateway.contoso.com"}, "http://app.example:7071"),
        ({"x-forwarded-host": "api.contoso.com:8080"}, "http://app.example:7071"),
        ({"x-forwarded-host": "evil.example"}, "http://app.example:7071"),
        ({"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}, "http://app.example:7071"),
        ({"x-forwarded-host": "api.contoso.com@evil.example"}, "http://app.example:7071"),
        ({"x-forwarded-host": "api.contoso.com/evil"}, "http://app.example:7071"),
        ({"x-forwarded-host": "api.contoso.com\r\nSet-Cookie: a=b"}, "http://app.example:7071"),
        ({"x-forwarded-proto": "https"}, "http://app.example:7071"),
        ({"forwarded": "proto=https"}, "http://app.example:7071"),
        ({"forwarded": "host=evil.example;proto=https"}, "http://app.example:7071"),
    ],
)
def test_which_host_a_url_names(headers: dict[str, str], start: str) -> None:
    """The trusted one that a proxy was asked for, otherwise the app's own; never the query."""
    assert url(headers) == f"{start}/api/meetings"


def test_a_proxy_that_keeps_the_host_tells_the_scheme() -> None:
    """When the app's own host is trusted, the scheme before it is believed too."""
    headers = {"x-forwarded-proto": "https"}
    assert url(headers, own="http://api.contoso.com/api/meetings") == "https://api.contoso.com/api/meetings"


@pytest.mark.parametrize("own", [OWN, "http://evil.example/x/api/meetings", "http://CONVENE.example/api/meetings"])
@pytest.mark.parametrize("headers", [{}, {"x-forwarded-host": "evil.example"}])
def test_where_the_platform_names_the_app_no_host_of_a_caller_does(own: str, headers: dict[str, str]) -> None:
    """WEBSITE_HOSTNAME stands in every URL, whatever Host says; a trusted name stays as it was asked for."""
    assert public_url(_request(own, headers), TRUSTED, "convene.example").startswith("http://convene.example/")
    asked = _request("http://api.contoso.com/api/meetings", {})
    assert public_url(asked, TRUSTED, "convene.example") == "http://api.contoso.com/api/meetings"


def test_nobody_is_trusted_by_default() -> None:
    """Without the setting the headers change nothing."""
    headers = {"x-forwarded-host": "api.contoso.com", "x-forwarded-proto": "https", "forwarded": "host=a.b"}
    assert url(headers, frozenset()) == OWN


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60) | st.sampled_from([*TRUSTED, "https"])))
def test_no_header_puts_anything_else_into_a_url(headers: dict[str, str]) -> None:
    """Whatever the headers hold, the URL is the app's own, or on a trusted host over HTTP or HTTPS."""
    allowed = {f"{scheme}://{host}/api/meetings" for scheme in ("http", "https") for host in TRUSTED}
    assert url(headers) in allowed | {OWN}


@pytest.mark.parametrize(
    "host", ['a b"<>', "", "[", "[::1", "a b", "user@host", "host:", "host:99999999", "h\u2100st", "\x00", "a\\b", "é"]
)
def test_a_host_that_is_none_is_not_told(host: str) -> None:
    """Whatever a caller writes into Host, a URL has a host in it, and the path of the request."""
    own = f"http://{host}/api/meetings"
    assert url({}, own=own) == "http://localhost/api/meetings"
    assert url({"x-forwarded-host": "api.contoso.com"}, own=own) == "http://api.contoso.com/api/meetings"
    assert path_of(func.HttpRequest("POST", f"{own}?code=secret", body=b"")) == "/api/meetings"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7071", "[::1]:7071", "my_service:80", "APP.example", "xn--bcher-kva.example"]
)
def test_a_host_is_told_as_it_was_asked_for(host: str) -> None:
    """A name or an address, with or without a port."""
    assert url({}, own=f"https://{host}/api/meetings") == f"https://{host}/api/meetings"


@given(st.text(max_size=30))
def test_no_host_breaks_a_url(host: str) -> None:
    """It stays one that any program can follow."""
    parts = urlsplit(url({}, own=f"http://{host}/api/meetings"))
    assert re.fullmatch(r"[A-Za-z0-9._\[\]:-]+", parts.netloc)
    assert (parts.scheme, parts.query, parts.fragment, parts.username) == ("http", "", "", None)
