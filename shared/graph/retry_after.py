"""The header Retry-After in each of its forms."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime

# Graph counts in seconds and minutes (its longest window is ten minutes, see throttling-limits in its documentation).
# A longer wait is a mistake or a wrong clock, and would close a mailbox for as long as it says, even forever. After a
# day one call tries again, and Graph repeats the delay if it is real.
LONGEST_RETRY_AFTER = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
# How far our clock may be ahead of Graph's where only ours can measure a date.
_CLOCK_DIFFERENCE = timedelta(seconds=5)


def parse_retry_after(text: str | None, date: str | None, now: datetime) -> timedelta | None:
    """Return how long Graph asks us to wait, never less than it says and at most a day; None where it names no wait.

    https://learn.microsoft.com/graph/throttling shows `Retry-After: 2.128`; RFC 9110 section 10.2.3 has the date. It
    is a moment on Graph's clock, so it is measured against the answer's own Date, which is on that clock as well.

    Args:
        text: the header Retry-After: seconds, also fractional ones, or an HTTP date; of several the longest counts.
        date: the header Date of the same answer.
        now: by our clock, which measures where there is no Date.
    """
    # Several headers are joined by commas. The split cuts a date from its day of the week, which adds nothing.
    waits = [_seconds(part, date, now) for part in (text or "").split(",")]
    seconds = max((each for each in waits if each is not None and each.is_finite()), default=Decimal(0))
    if seconds <= 0:
        return None
    longest = Decimal(LONGEST_RETRY_AFTER // timedelta(seconds=1))
    rounded = min(seconds, longest).quantize(Decimal("0.000001"), ROUND_CEILING)
    return int(rounded.scaleb(6)) * _MICROSECOND


def _seconds(text: str, date: str | None, now: datetime) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        moment, sent_at = _http_date(text), _http_date(date)
        if moment is None:
            return None
        wait = moment - sent_at if sent_at else moment - now + _CLOCK_DIFFERENCE
        return Decimal(wait // _MICROSECOND).scaleb(-6)


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
