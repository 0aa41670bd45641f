"""Join links: what is passed on to people who will click it, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.validation.join_links import is_join_link, meeting_id_in, organizer_in

TEAMS = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_ODky%40thread.v2/0"
    "?context=%7b%22Tid%22%3a%2298a79ebe%22%2c%22Oid%22%3a%2264339082%22%7d"
)


@pytest.mark.parametrize(
    "url",
    [
        TEAMS,
        "https://teams.microsoft.com/meet/1234567890?p=a1B2",
        "HTTPS://Teams.Microsoft.com/meet/1",
        "https://teams.microsoft.com:443/meet/1",
        "https://teams.cloud.microsoft/meet/1",
        "https://teams.live.com/meet/1",
        "https://teams.microsoft.us/l/meetup-join/1",
        "https://gov.teams.microsoft.us/l/meetup-join/1",
        "https://dod.teams.microsoft.us/l/meetup-join/1",
        "https://teams.microsoftonline.cn/l/meetup-join/1",
        "https://join.skype.com/abc",
        "https://meet.lync.com/contoso/alexw/1",
        "https://meet.contoso.online.lync.com/alexw/1",
        "https://teams.microsoft.com/" + "x" * (4096 - 28),
    ],
)
def test_links_to_teams_and_skype(url: str) -> None:
    """Teams of every cloud, and both Skypes, are where meetings are."""
    assert is_join_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "teams.microsoft.com/meet/1",
        "//teams.microsoft.com/meet/1",
        "http://teams.microsoft.com/meet/1",
        "javascript:alert(1)//https://teams.microsoft.com",
        "https://",
        "https:///teams.microsoft.com/",
        "https://evil.example/teams.microsoft.com",
        "https://teams.microsoft.com.evil.example/meet/1",
        "https://evilteams.microsoft.com/meet/1",
        "https://xteams.microsoft.com/",
        "https://teams.microsoft.com@evil.example/meet/1",
        "https://evil.example@teams.microsoft.com/meet/1",
        "https://evil.example\\@teams.microsoft.com/meet/1",
        "https://teams.microsoft.com\\@evil.example/meet/1",
        "https://teams.microsoft.com\\.evil.example/",
        "https://teams.microsoft.com:8443/meet/1",
        "https://teams.microsoft.com:port/meet/1",
        "https://teams.microsoft.com:99999/meet/1",
        "https://teams.microsoft.com./meet/1",
        "https://[teams.microsoft.com/meet/1",
        "https://teams.microsoft.com%2eevil.example/",
        "https://online.lync.com/",
        "https://evilonline.lync.com/",
        "https://meet.online.lync.com.evil.example/",
        "https://teаms.microsoft.com/meet/1",  # noqa: RUF001 - a Cyrillic a
        "https://teams。microsoft。com/meet/1",
        "https://teams.microsoft.com/meet/1 ",
        " https://teams.microsoft.com/meet/1",
        "https://teams.microsoft.com/meet/1\n",
        "https://teams.microsoft.com/\r\nSet-Cookie: x",
        "https://teams.micro\tsoft.com/meet/1",
        'https://teams.microsoft.com/meet/1" onclick=" alert(1)',
        "https://teams.microsoft.com/\x00",
        "https://teams.microsoft.com/\x7f",
        "https://teams.microsoft.com/" + "x" * (4097 - 28),
    ],
)
def test_links_to_anywhere_else(url: str) -> None:
    """What leads elsewhere, or could be read as leading elsewhere, is no join link."""
    assert not is_join_link(url)


@given(st.text(max_size=40), st.sampled_from(["", "https://", "https://teams.microsoft.com", "https://a@"]))
def test_any_text_is_one_or_not(text: str, start: str) -> None:
    """No text makes the question fail."""
    assert is_join_link(start + text) in {True, False}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://teams.microsoft.com/meet/1234567890?p=a1B2", "1234567890"),
        ("https://teams.microsoft.com/meet/1234567890", "1234567890"),
        ("https://teams.microsoft.com/meet/1234567890/", "1234567890"),
        ("https://teams.microsoft.com/meet/%31234567890", "1234567890"),
        ("https://teams.microsoft.com/meet/123456", "123456"),
        ("https://teams.microsoft.com/meet/12345", None),
        ("https://teams.microsoft.com/meet/1234567890abc", None),
        ("https://teams.microsoft.com/meet/", None),
        ("https://teams.microsoft.com/x/meet/1234567890", None),
        (TEAMS, None),
        ("", None),
    ],
)
def test_the_id_in_a_short_link(url: str, expected: str | None) -> None:
    """A short link holds the join meeting id, a long one does not."""
    assert meeting_id_in(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://teams.microsoft.com/l/meetup-join/19%3ax/0?context=%7b%22Oid%22%3a%2264339082-ED84-4b0b-b4ab-004ae54f3747%22%7d",
            "64339082-ed84-4b0b-b4ab-004ae54f3747",
        ),
        ("https://teams.microsoft.com/l/meetup-join/19%3ax/0?context=%7b%22Oid%22%3a%22..%22%7d", None),
        ("https://teams.microsoft.com/l/meetup-join/19%3ax/0", None),
        ("https://teams.microsoft.com/meet/496119491249482?p=x", None),
        ("https://evil.example/?context=%7b%22Oid%22%3a%2264339082-ed84-4b0b-b4ab-004ae54f3747%22%7d", None),
    ],
)
def test_organizer_in_a_link(url: str, expected: str | None) -> None:
    """The long link of Teams names the organizer; nothing else does."""
    assert organizer_in(url) == expected
