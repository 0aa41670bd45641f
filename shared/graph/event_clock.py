"""Graph's times, which it writes in UTC, on the clock of another zone."""

from datetime import datetime

from shared.graph.event import GraphTime
from shared.validation.date_times import FIRST_YEAR, LAST_YEAR, DateTimeTimeZone
from shared.validation.time_zones import allowed_names, to_utc, zone

UTC_NAME = "UTC"


def own_zone(original: str | None) -> str:
    """Return the zone in which an event was created, as Graph names it; UTC for an unknown name."""
    return original if original in allowed_names() else UTC_NAME


def to_the_second(time: GraphTime) -> datetime:
    """Return the instant of a time of Graph's, down to the second."""
    return time.moment.replace(microsecond=0)


def on_clock(time: GraphTime, zone_name: str, *, all_day: bool = False) -> DateTimeTimeZone | None:
    """Return a time of Graph's as `at_moment` does; of an all-day event the midnight of the day that Graph names."""
    if all_day:
        return _in_years(datetime.combine(time.date_time.date(), datetime.min.time()), zone_name)
    return at_moment(to_the_second(time), zone_name)


def at_moment(moment: datetime, zone_name: str) -> DateTimeTimeZone | None:
    """Return what a clock in the zone shows, in UTC where it shows that twice; None in years that Graph cannot mean."""
    wall = moment.astimezone(zone(zone_name)).replace(tzinfo=None)
    if to_utc(wall, zone_name) != moment:
        wall, zone_name = moment.replace(tzinfo=None), UTC_NAME
    return _in_years(wall, zone_name)


def _in_years(wall: datetime, zone_name: str) -> DateTimeTimeZone | None:
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        return None
    return DateTimeTimeZone.model_validate({"dateTime": wall.replace(fold=0).isoformat(), "timeZone": zone_name})
