"""From when the retention of a finished meeting counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.meeting import Meeting, Observed, ObservedState, Outcome, Status
from shared.meeting.retention import retained_from
from shared.validation.date_times import DateTimeTimeZone
from tests.examples import CALENDAR, EXISTING, NOW, STANDALONE, queued_meeting

MADE = Outcome(event_id="event")
END = datetime(2027, 1, 20, 22, tzinfo=UTC)
LATER = {
    "start": DateTimeTimeZone.model_validate({"dateTime": "2027-03-01T13:00:00", "timeZone": "UTC"}),
    "end": DateTimeTimeZone.model_validate({"dateTime": "2027-03-01T14:00:00", "timeZone": "UTC"}),
}


def finished(request: dict[str, Any] | None = CALENDAR, **members: Any) -> Meeting:
    """Return a meeting that was made and finished, but for the members given."""
    return queued_meeting(**{"status": Status.SUCCEEDED, "outcome": MADE, "request": request} | members)


def series(**recurrence_range: Any) -> dict[str, Any]:
    """Return a request for a weekly series from 20 January on."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]}
    return CALENDAR | {"recurrence": {"pattern": pattern, "range": {"startDate": "2027-01-20"} | recurrence_range}}


def observed(at: datetime, **members: Any) -> Observed:
    return Observed(observed_at=at, state=ObservedState.AS_REQUESTED).changed(**members)


@pytest.mark.parametrize(
    ("meeting", "expected"),
    [
        (finished(), END),
        (finished(status=Status.FAILED), END),
        (finished(updated_at=END + timedelta(days=1)), END + timedelta(days=1)),
        (finished(observed=observed(NOW, **LATER)), datetime(2027, 3, 1, 14, tzinfo=UTC)),
        (finished(EXISTING, observed=observed(NOW, **LATER)), datetime(2027, 3, 1, 14, tzinfo=UTC)),
        (finished(EXISTING), NOW),
        (finished(STANDALONE, outcome=Outcome(online_meeting_id="meeting")), NOW),
        (
            finished(
                STANDALONE | {"endDateTime": "2027-01-20T23:00:00+01:00"}, outcome=Outcome(online_meeting_id="meeting")
            ),
            END,
        ),
    ],
    ids=["made", "change failed", "long past", "moved", "existing", "existing, not seen", "no times", "standalone"],
)
def test_the_later_of_the_finish_and_the_scheduled_end(meeting: Meeting, expected: datetime) -> None:
    """As it was seen in Outlook, else as it was requested."""
    assert retained_from(meeting) == expected


@pytest.mark.parametrize(
    "members",
    [
        {"status": Status.CANCELLED},
        {"status": Status.FAILED, "outcome": Outcome()},
        {"request": None},
        {"request": CALENDAR | {"end": "tomorrow"}},
        {"request": CALENDAR | {"recurrence": {"pattern": []}}},
        {"request": STANDALONE | {"endDateTime": "tomorrow"}},
    ],
    ids=["cancelled", "never made", "no request", "damaged end", "damaged recurrence", "damaged timestamp"],
)
def test_without_an_end_of_its_own_the_finish_counts(members: dict[str, Any]) -> None:
    """Of a meeting with nothing in Graph, and of a record that does not say when it ends."""
    assert retained_from(finished(**members)) == NOW


@pytest.mark.parametrize(
    "recurrence_range",
    [{"type": "numbered", "numberOfOccurrences": 4}, {"type": "endDate", "endDate": "2027-02-10"}],
    ids=["numbered", "endDate"],
)
def test_a_series_counts_from_its_last_occurrence(recurrence_range: dict[str, Any]) -> None:
    """It is at the same time of the day by the clocks of its zone."""
    assert retained_from(finished(series(**recurrence_range))) == END + timedelta(weeks=3)
    on_summer_time = series(**recurrence_range | {"numberOfOccurrences": 12, "endDate": "2027-04-07"})
    members = set(recurrence_range) | {"startDate"}
    on_summer_time["recurrence"]["range"] = {
        name: value for name, value in on_summer_time["recurrence"]["range"].items() if name in members
    }
    assert retained_from(finished(on_summer_time)) == END + timedelta(weeks=11, hours=-1)


def test_a_series_without_end_counts_from_the_day_on_which_it_was_seen_last() -> None:
    """So it is kept as long as somebody looks and sees it; where nobody looks, from the finish."""
    endless = series(type="noEnd")
    assert retained_from(finished(endless)) == NOW
    seen_at = NOW + timedelta(days=400, hours=3)
    midnight = datetime(2027, 12, 26, tzinfo=UTC)
    assert retained_from(finished(endless, observed=observed(seen_at))) == midnight
    removed = observed(seen_at + timedelta(days=9), state=ObservedState.REMOVED, removed_at=seen_at)
    assert retained_from(finished(endless, observed=removed)) == midnight
    many = series(type="numbered", numberOfOccurrences=100_000)
    assert retained_from(finished(many, observed=observed(seen_at))) == midnight
