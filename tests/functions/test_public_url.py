"""URLs behind proxies: only hosts that the operator trusts get into a Location."""

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.public_url import public_url

OWN = "http://app.example:7071/api/meetings"
TRUSTED = frozenset({"api.contoso.com", "gateway.contoso.com:8443"})
NAMES = ("forwarded", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "x-forwarded-port")


def url(headers: dict[str, str], trusted: frozenset[str] = TRUSTED, own: str = OWN) -> str:
    return public_url(func.HttpRequest("POST", f"{own}?code=secret", headers=headers, body=b""), trusted)


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


def test_nobody_is_trusted_by_default() -> None:
    """Without the setting the headers change nothing."""
    headers = {"x-forwarded-host": "api.contoso.com", "x-forwarded-proto": "https", "forwarded": "host=a.b"}
    assert url(headers, frozenset()) == OWN


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60) | st.sampled_from([*TRUSTED, "https"])))
def test_no_header_puts_anything_else_into_a_url(headers: dict[str, str]) -> None:
    """Whatever the headers hold, the URL is the app's own, or on a trusted host over HTTP or HTTPS."""
    allowed = {f"{scheme}://{host}/api/meetings" for scheme in ("http", "https") for host in TRUSTED}
    assert url(headers) in allowed | {OWN}
