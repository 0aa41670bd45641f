import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.meeting_request import canonical, event_properties, parse_request
from shared.meeting_request.people import check_address
from shared.validation.addresses import mailbox_key
from tests.shared.meeting_request.requests import attendee, calendar_document, codes_of, parsed_calendar


@pytest.mark.parametrize(
    "address",
    [
        "x",
        "x@",
        "@x.com",
        "a..b@x.com",
        "Name <a@b.c>",
        "a@b.c,b@c.d",
        "a@b.co;b@c.co",
        "a@b.co\r\nBcc: c@d.co",
        "a@b.co\n",
        " a@b.co",
        "a b@x.com",
        "a@localhost",
        "a@1.2.3.4",
        "a@[1.2.3.4]",
        "a@b..co",
        "a@-b.co",
        "x" * 64 + "@" + ".".join(["y" * 60] * 4) + ".com",
        "x" * 100_000 + "@contoso.com",
        "",
    ],
)
def test_no_address(address: str) -> None:
    """What is not exactly one mail address is refused."""
    document = calendar_document(attendees=[attendee("a@contoso.com"), attendee(address)])
    assert codes_of(document) == [("/attendees/1/emailAddress/address", "invalidAddress")]


@pytest.mark.parametrize(
    "address",
    [
        "AdeleV@contoso.com",
        "o'brien+x@contoso.com",
        "a@corp.local",
        "a@münchen.de",
        "a@xn--mnchen-3ya.de",
        "用户@例子.公司",
    ],
)
def test_address(address: str) -> None:
    """An address reaches Graph as it was written, international domains in either form."""
    event = event_properties(parsed_calendar(attendees=[attendee(address)]))
    assert event["attendees"] == [{"emailAddress": {"address": address}, "type": "required"}]


def test_international_domain_in_both_forms() -> None:
    """The two forms of an international domain are one mailbox, in whatever case."""
    assert mailbox_key("A@MÜNCHEN.de") == mailbox_key("a@xn--mnchen-3ya.de")


def test_repeated_attendees() -> None:
    """The first of several spellings is invited, and the organizer is not."""
    addresses = ["a@münchen.de", "b@contoso.com", "A@xn--mnchen-3ya.de", "alexw@CONTOSO.com", "B@Contoso.com"]
    request = parsed_calendar(attendees=[attendee(address) for address in addresses])
    assert [entry["emailAddress"]["address"] for entry in canonical(request)["attendees"]] == addresses[:2]
    assert [(warning.pointer, warning.code) for warning in request.omissions] == [
        ("/attendees/2", "duplicateAttendee"),
        ("/attendees/3", "organizerIsAttendee"),
        ("/attendees/4", "duplicateAttendee"),
    ]


def test_omissions_are_no_part_of_the_request() -> None:
    """A request with a repeated attendee equals the one without, also in its hash."""
    once = parsed_calendar(attendees=[attendee("a@contoso.com")])
    twice = parsed_calendar(attendees=[attendee("a@contoso.com"), attendee("A@contoso.com")])
    assert once == twice
    assert hash(once) == hash(twice)
    assert once != parsed_calendar()


@pytest.mark.parametrize(("count", "faults"), [(500, []), (501, [("/attendees", "tooMany")])])
def test_many_attendees(count: int, faults: list[tuple[str, str]]) -> None:
    """Graph takes 500 attendees, counted as given."""
    document = calendar_document(attendees=[attendee(f"user{number}@contoso.com") for number in range(count)])
    assert (codes_of(document) if faults else list(parse_request(document).omissions)) == faults


def test_too_many_and_wrong() -> None:
    """A list that is too long is one fault: nothing in it is looked at."""
    attendees = [attendee("a@contoso.com")] * 500 + [attendee("x")]
    assert codes_of(calendar_document(attendees=attendees)) == [("/attendees", "tooMany")]
    assert codes_of(calendar_document(attendees=attendees[1:])) == [
        ("/attendees/499/emailAddress/address", "invalidAddress")
    ]


@pytest.mark.parametrize(
    "organizer",
    [
        "AlexW@contoso.com",
        "64339082-ed84-4b0b-b4ab-004ae54f3747",
        "64339082-ED84-4B0B-B4AB-004AE54F3747",
        "o'brien@contoso.com",
        "x_y.com#EXT#@tenant.onmicrosoft.com",
        "a.b-c!^~@sub.contoso.co.uk",
    ],
)
def test_organizer(organizer: str) -> None:
    """An organizer is an object id or a user principal name."""
    assert parsed_calendar(organizer=organizer).organizer == organizer


@pytest.mark.parametrize(
    "organizer",
    [
        "",
        " ",
        "me",
        "AlexW",
        "alex@contoso",
        "alex w@contoso.com",
        "a/../b@contoso.com",
        "a\\b@contoso.com",
        "a@b@contoso.com",
        "a@contoso.com\n",
        "\u202ea@contoso.com",
        "a?$expand=x@contoso.com",
        "Alex <alexw@contoso.com>",
        "{64339082-ed84-4b0b-b4ab-004ae54f3747}",
        "64339082ed844b0bb4ab004ae54f3747",
        "x" * 257 + "@contoso.com",
    ],
)
def test_no_organizer(organizer: str) -> None:
    """Anything else is not, above all nothing that could lead a URL elsewhere."""
    assert codes_of(calendar_document(organizer=organizer)) == [("/organizer", "invalidOrganizer")]


@given(st.text(max_size=40) | st.text('a@.-xn--é\u0130\u00df"<>() ', max_size=40) | st.emails())
def test_any_text_as_address(text: str) -> None:
    """Whatever the text, it is an address, of which every spelling is one mailbox, or it is not."""
    try:
        key = mailbox_key(check_address(text))
    except ValueError:
        return
    assert mailbox_key(key) == key
