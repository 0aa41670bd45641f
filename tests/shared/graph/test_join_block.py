"""Teams' join block: found in every template, in whatever spelling its links have."""

import html
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from local.graph.join_block import JoinDetails, html_document, invitation_block
from shared.graph.join_block import block_in, meeting_id_in_block, meetings_linked_in
from shared.validation.join_links import canonical_link, names_teams_meeting

LONG = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_ZmQ4OTE0ZTE%40thread.v2/0"
    "?context=%7b%22Tid%22%3a%22858bad56%22%2c%22Oid%22%3a%2284c9bfe0%22%7d"
)
SHORT = "https://teams.microsoft.com/meet/496119491249482?p=Dqox30LtKOEIJCrNdL"
OTHER = LONG.replace("ZmQ4OTE0ZTE", "b3RoZXI")
TEMPLATES = ["2019", "2026", "longLink"]


def block(template: str) -> str:
    details = JoinDetails(
        LONG, "123456789", "https://teams.microsoft.com/meetingOptions/?", SHORT, "496119491249482", "nb9N9R8V"
    )
    return invitation_block(details, template)


def spellings(url: str) -> list[str]:
    """Return what becomes of a link on its way through HTML, Exchange and Defender."""
    upper = url.replace("%3a", "%3A").replace("%7b", "%7B").replace("%7d", "%7D").replace("%2c", "%2C")
    safe = f"https://eur01.safelinks.protection.outlook.com/?url={quote(url, safe='')}&data=05%7C02&reserved=0"
    return [
        url,
        upper,
        url.replace("%3a", ":").replace("%40", "@"),
        html.escape(url),
        html.escape(html.escape(url + "&x=1")),
        safe,
    ]


@pytest.mark.parametrize("url", [LONG, SHORT])
def test_spellings_of_one_link(url: str) -> None:
    """However a link is escaped or wrapped, it names the same meeting."""
    assert {canonical_link(each) for each in spellings(url)} == {canonical_link(url)}
    assert all(names_teams_meeting(each) for each in spellings(url))


def test_links_of_two_meetings_differ() -> None:
    """The thread and the Meeting ID tell meetings apart; what is no meeting's link names none."""
    assert len({canonical_link(url) for url in (LONG, OTHER, SHORT, SHORT.replace("4961", "4962"))}) == 4
    for url in (
        "https://teams.microsoft.com/meetingOptions/?x=1",
        "https://contoso.com/meet/123456789",
        "https://[",
        "",
    ):
        assert not names_teams_meeting(url)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("place", range(6))
def test_block_of_every_template(template: str, place: int) -> None:
    """The block is found whatever spelling its links have, and nothing of the caller's is taken for it."""
    text = block(template)
    for url in (LONG, SHORT):
        text = text.replace(f'"{url}"', f'"{spellings(url)[place]}"')
    page = BeautifulSoup(html_document("<div><p>Words</p></div>", "html", text), "html.parser")
    found = block_in(page, LONG)
    assert found is not None
    assert "Words" not in found.get_text()
    assert {"2019": "Conference ID", "2026": "Meeting ID", "longLink": "Join"}[template] in found.get_text()


@pytest.mark.parametrize("template", TEMPLATES)
def test_block_in_a_wrapper(template: str) -> None:
    """Inside an element that Outlook has put around everything the caller's words are still not the block's."""
    page = BeautifulSoup(f'<body><div class="WordSection1"><p>Words</p>{block(template)}</div></body>', "html.parser")
    found = block_in(page, LONG)
    assert found is not None
    assert "Words" not in found.get_text()


@pytest.mark.parametrize("content", ["", "<p>Words</p>", f'<p><a href="{OTHER}">Another meeting</a></p>'])
def test_no_block(content: str) -> None:
    """A body without the block has none, also with the link of another meeting in it."""
    assert block_in(BeautifulSoup(content, "html.parser"), LONG) is None


@pytest.mark.parametrize(("template", "expected"), [("2019", None), ("2026", "496119491249482"), ("longLink", None)])
def test_meeting_id(template: str, expected: str | None) -> None:
    """The Meeting ID is read from the block that has one, not from the caller's words or a telephone number."""
    words = '<p>See <a href="https://teams.microsoft.com/meet/999999999999?p=x">the other one</a></p>'
    assert meeting_id_in_block(words + block(template)) == expected


def test_meeting_id_without_a_short_link() -> None:
    """The template of 2024 shows the digits and no short link."""
    assert meeting_id_in_block(block("2026").replace(f'"{SHORT}"', f'"{LONG}"')) == "496119491249482"


@given(st.text(max_size=200), st.sampled_from(TEMPLATES))
def test_linked_meetings(words: str, template: str) -> None:
    """Whatever surrounds them, the links to meetings in a body are found, and only those."""
    content = f"<p>{html.escape(words)} {html.escape(OTHER)}</p>{block(template)}"
    expected = {canonical_link(OTHER), canonical_link(LONG)} | (
        {canonical_link(SHORT)} if template == "2026" else set()
    )
    assert meetings_linked_in(content) == expected
