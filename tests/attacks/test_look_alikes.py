"""Names that only look like others: nobody is left out for them, and nobody is let in by them."""

import json

import pytest

from shared.access.callers import parse_callers
from shared.access.organizers import may_organize, organizer_entry
from shared.errors import OrganizerNotAllowedError
from shared.meeting_request import CalendarRequest, parse_request
from shared.throttling.aliases import Mailboxes
from tests.app_fixture import World
from tests.examples import CALENDAR

PAIRS = [("maße@contoso.com", "masse@contoso.com"), ("a@straße.de", "a@strasse.de"), ("ﬀ@x.de", "ff@x.de")]


@pytest.mark.parametrize("pair", PAIRS)
def test_both_are_invited(pair: tuple[str, str]) -> None:
    """Neither is a duplicate of the other, or the organizer."""
    attendees = [{"emailAddress": {"address": address}} for address in pair]
    request = parse_request(CALENDAR | {"attendees": attendees})
    assert isinstance(request, CalendarRequest)
    assert [each.email_address.address for each in request.attendees or ()] == list(pair)
    for organizer, attendee in (pair, pair[::-1]):
        document = CALENDAR | {"organizer": organizer, "attendees": [{"emailAddress": {"address": attendee}}]}
        request = parse_request(document)
        assert isinstance(request, CalendarRequest)
        assert len(request.attendees or ()) == 1


@pytest.mark.parametrize(
    ("entry", "organizer"),
    [
        ("@strasse.de", "x@straße.de"),
        ("@straße.de", "x@strasse.de"),
        ("masse@contoso.com", "maße@contoso.com"),
        ("@contoso.com", "x@conto\u017fo.com"),
        ("@contoso.com", "x@evil.example@conto\u017fo.com"),
    ],
)
def test_an_allow_list_admits_whom_it_names(entry: str, organizer: str) -> None:
    """Neither ALLOWED_ORGANIZERS nor a caller's organizers."""
    assert not may_organize(organizer, World({"ALLOWED_ORGANIZERS": entry}).settings.allowed_organizers)
    [caller] = parse_callers(json.dumps({"11111111-1111-4111-8111-111111111111": {"organizers": [entry]}})).values()
    with pytest.raises(OrganizerNotAllowedError):
        caller.require_may_name(organizer)


@pytest.mark.parametrize(
    ("entry", "organizer"),
    [("@straße.de", "X@xn--strae-oqa.de"), ("@XN--STRAE-OQA.de", "x@straße.de"), ("mu\u0308@x.de", "MÜ@x.de")],
)
def test_an_allow_list_knows_every_spelling(entry: str, organizer: str) -> None:
    """Both forms of a domain, both of a letter."""
    assert may_organize(organizer, frozenset({organizer_entry(entry)}))


def test_one_mailbox_has_one_gate() -> None:
    """However its organizer is spelled; a look-alike has its own."""
    aliases = Mailboxes(4, World().clock)
    assert aliases.of("MU\u0308@x.de") is aliases.of("mü@x.de")
    assert aliases.of("maße@contoso.com") is not aliases.of("masse@contoso.com")
