"""What Graph has of a meeting, as digests: what a change sends, and what stays in doubt."""

from shared.meeting.applied import Applied, PropertyDigests

HAS = PropertyDigests().confirmed({"subject": "Review", "body": {"content": "a", "contentType": "html"}})


def test_only_what_differs_is_sent() -> None:
    """A new value and a new property; the order of members in a value makes no difference."""
    assert HAS.diff({"subject": "Review", "body": {"contentType": "html", "content": "a"}}) == {}
    assert HAS.diff({"subject": "Retro", "showAs": "busy"}) == {"subject": "Retro", "showAs": "busy"}


def test_a_property_in_doubt_is_sent_again_whatever_its_value() -> None:
    """Graph has the old value or the new one."""
    doubtful = HAS.in_doubt(["subject"])
    assert doubtful.diff({"subject": "Review"}) == {"subject": "Review"}
    assert doubtful.confirmed({"subject": "Review"}).diff({"subject": "Review"}) == {}


def test_a_property_that_is_wanted_no_more_is_named() -> None:
    """Also one that is in doubt: Graph may have it."""
    assert HAS.in_doubt(["showAs"]).removed({"subject": "Retro"}) == ["body", "showAs"]
    assert "showAs" in HAS.in_doubt(["showAs"])
    assert "showAs" not in HAS


def test_it_is_stored_and_read_back_without_the_values() -> None:
    """As camelCase JSON, of which no value of a caller is a part."""
    applied = Applied(event=HAS, attendees=frozenset({"a@contoso.com"}), refused_etags=frozenset({'W/"1"'}))
    stored = applied.model_dump_json(by_alias=True)
    assert "Review" not in stored
    assert '"onlineMeeting":{}' in stored
    assert Applied.model_validate_json(stored) == applied
