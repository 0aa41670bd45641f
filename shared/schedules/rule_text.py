"""The text of a recurrence: an RRULE line of RFC 5545, followed by optional EXDATE and RDATE lines.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10

Parsing is strict: it reports every fault, and accepts only rules that the library behind them (dateutil) evaluates
correctly and soon. dateutil searches up to the year 9999 for a date that never comes.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.schedules.date_or_time import DateOrTime, parse_date_or_time
from shared.validation.findings import quoted

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")
LONGEST_TEXT = 4096
LARGEST_COUNT = 4000
LARGEST_INTERVAL = 1000
MOST_A_DAY = HOURS_A_DAY = 24

# Each value costs time for every day of a search.
_MOST_VALUES = 62
_MOST_POSITIONS = 10
_MOST_WEEKDAYS_IN_A_MONTH = 5

_NUMBER = re.compile(r"[+-]?\d{1,3}", re.ASCII)
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The values that a part may have; `signed` when they also count from the end."""

    least: int
    most: int
    signed: bool = False


_PARTS: Mapping[str, _Numbers] = {
    "BYSECOND": _Numbers(0, 59),
    "BYMINUTE": _Numbers(0, 59),
    "BYHOUR": _Numbers(0, 23),
    "BYMONTHDAY": _Numbers(1, 31, signed=True),
    "BYYEARDAY": _Numbers(1, 366, signed=True),
    "BYWEEKNO": _Numbers(1, 53, signed=True),
    "BYMONTH": _Numbers(1, 12),
    "BYSETPOS": _Numbers(1, 366, signed=True),
}
_OTHER_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST")
# N/A in RFC 5545's table of parts and frequencies.
_NOT_WITH: Mapping[str, tuple[str, ...]] = {
    "BYMONTHDAY": ("WEEKLY",),
    "BYYEARDAY": ("MONTHLY", "WEEKLY", "DAILY"),
    "BYWEEKNO": ("MONTHLY", "WEEKLY", "DAILY", "HOURLY"),
    # Not from the table: an hour has so few times that a rule can name them.
    "BYSETPOS": ("HOURLY",),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed recurrence.

    Attributes:
        frequency: one of FREQUENCIES.
        by: the BY parts that hold numbers, by their name.
        weekdays: BYDAY, each with its ordinal or 0 and the number of the day, Monday 0.
        week_start: the number of the day that begins a week.
        until: the latest time of an occurrence of the rule, None without such an end.
        excluded: what EXDATE excludes; a day excludes all its occurrences, a time the one at its instant.
        added: what RDATE adds.
    """

    frequency: str
    interval: int
    count: int | None
    until: DateOrTime | None
    by: Mapping[str, tuple[int, ...]]
    weekdays: tuple[tuple[int, int], ...]
    week_start: int
    excluded: frozenset[DateOrTime]
    added: frozenset[datetime]


class RuleError(Exception):
    """The text is not a rule that the app accepts; `reasons` are pairs of a code and a predicate."""

    def __init__(self, reasons: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(message for _, message in reasons))
        self.reasons = reasons


def parse_rule(text: str, time_zone: str | None = None) -> Rule:
    """Parse a rule.

    Args:
        text: the lines, in any case.
        time_zone: the only TZID that an EXDATE or RDATE line may name, because all times are on its clock.

    Raises:
        RuleError: with every fault.
    """
    return _Reader(time_zone).read(text)


class _Reader:
    """Collects faults while it reads."""

    def __init__(self, time_zone: str | None) -> None:
        self._time_zone = time_zone
        self._reasons: list[tuple[str, str]] = []

    def read(self, text: str) -> Rule:
        if len(text) > LONGEST_TEXT:
            raise RuleError([("tooLong", f"has {len(text)} characters, at most {LONGEST_TEXT} are allowed")])
        rules: list[str] = []
        dates: dict[str, set[DateOrTime]] = {"EXDATE": set(), "RDATE": set()}
        for line in re.split(r"\r?\n", text.rstrip("\r\n")):
            name, colon, value = line.partition(":")
            name, semicolon, parameters = name.partition(";")
            name = name.upper()
            if colon and name == "RRULE" and not semicolon:
                rules.append(value.upper())
            elif colon and name in dates:
                dates[name] |= set(self._dates(name, parameters, value))
            elif name == "DTSTART":
                self._add_reason("notAllowed", "must not have a DTSTART line: start and timeZone say when it begins")
            else:
                self._add_reason("invalidRule", f"must be lines of RRULE:, EXDATE: or RDATE:, not {quoted(line)}")
        if len(rules) != 1 and not self._reasons:
            self._add_reason("invalidRule", "must have exactly one RRULE: line, such as RRULE:FREQ=WEEKLY;BYDAY=MO")
        parts = self._parts(rules[0] if rules else "")
        rule = self._rule(parts, dates)
        if self._reasons:
            raise RuleError(list(dict.fromkeys(self._reasons)))
        return rule

    def _add_reason(self, code: str, message: str) -> None:
        self._reasons.append((code, message))

    def _parts(self, text: str) -> dict[str, str]:
        parts: dict[str, str] = {}
        for part in text.split(";") if text else ():
            name, equals, value = part.partition("=")
            if name not in _PARTS and name not in _OTHER_PARTS:
                self._add_reason("invalidRule", f"has no part {quoted(name)} in RFC 5545")
            elif not equals or not value:
                self._add_reason("invalidRule", f"has a part {name} without a value")
            elif name in parts:
                self._add_reason("invalidRule", f"has the part {name} twice")
            else:
                parts[name] = value
        return parts

    def _rule(self, parts: Mapping[str, str], dates: Mapping[str, set[DateOrTime]]) -> Rule:
        frequency = self._frequency(parts.get("FREQ"))
        by = {name: self._numbers(name, parts[name]) for name in _PARTS if name in parts}
        weekdays = self._weekdays(parts["BYDAY"]) if "BYDAY" in parts else ()
        if frequency:
            self._check_combination(frequency, by, weekdays)
        if set(parts) & {"BYSETPOS"} and not any(name.startswith("BY") for name in set(parts) - {"BYSETPOS"}):
            self._add_reason("invalidRule", "must not have BYSETPOS without another BY part")
        if "COUNT" in parts and "UNTIL" in parts:
            self._add_reason("invalidRule", "must not have both COUNT and UNTIL")
        if len(by.get("BYSETPOS", ())) > _MOST_POSITIONS:
            self._add_reason("tooMany", f"must have at most {_MOST_POSITIONS} values in BYSETPOS")
        interval = self._number("INTERVAL", parts.get("INTERVAL"), LARGEST_INTERVAL) or 1
        hours = math.ceil(HOURS_A_DAY / interval) if frequency == "HOURLY" else 1
        an_hour = [len(set(by.get(name, (0,)))) for name in ("BYMINUTE", "BYSECOND")]
        if len(by.get("BYHOUR", range(hours))) * an_hour[0] * an_hour[1] > MOST_A_DAY:
            self._add_reason("tooOften", f"must not have more than {MOST_A_DAY} occurrences a day")
        week_start = parts.get("WKST", "MO")
        if week_start not in WEEKDAYS:
            self._add_reason("invalidRule", f"must have a WKST of {', '.join(WEEKDAYS)}, not {quoted(week_start)}")
            week_start = "MO"
        return Rule(
            frequency=frequency or "DAILY",
            interval=interval,
            count=self._number("COUNT", parts.get("COUNT"), LARGEST_COUNT),
            until=self._date_or_time("UNTIL", parts["UNTIL"]) if "UNTIL" in parts else None,
            by=by,
            weekdays=weekdays,
            week_start=WEEKDAYS.index(week_start),
            excluded=frozenset(dates["EXDATE"]),
            added=frozenset(each for each in dates["RDATE"] if isinstance(each, datetime)),
        )

    def _frequency(self, value: str | None) -> str | None:
        if value in FREQUENCIES:
            return value
        allowed = ", ".join(FREQUENCIES)
        if value is None:
            self._add_reason("required", f"must have FREQ, which is one of {allowed}")
        elif value in {"MINUTELY", "SECONDLY"}:
            self._add_reason(
                "tooOften", f"must have a FREQ of {allowed}, not {value}: BYMINUTE gives several times an hour"
            )
        else:
            self._add_reason("notOneOf", f"must have a FREQ of {allowed}, not {quoted(value)}")
        return None

    def _number(self, name: str, value: str | None, most: int) -> int | None:
        if value is None:
            return None
        if re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) and 1 <= int(value) <= most:
            return int(value)
        instead = "; for more, leave it out: a schedule may be without end" if name == "COUNT" else ""
        self._add_reason("outOfRange", f"must have {name} from 1 to {most}, not {quoted(value)}{instead}")
        return None

    def _numbers(self, name: str, text: str) -> tuple[int, ...]:
        allowed = _PARTS[name]
        values = text.split(",")
        if len(values) > _MOST_VALUES:
            self._add_reason("tooMany", f"must have at most {_MOST_VALUES} values in {name}")
            return ()
        numbers: list[int] = []
        for value in values:
            number = int(value) if _NUMBER.fullmatch(value) else None
            size = abs(number) if number is not None and allowed.signed else number
            if size is None or number is None or not allowed.least <= size <= allowed.most:
                extent = f"{allowed.least} to {allowed.most}"
                extent += f" or -{allowed.most} to -{allowed.least}" if allowed.signed else ""
                self._add_reason("outOfRange", f"must have {extent} in {name}, not {quoted(value)}")
            else:
                numbers.append(number)
        return tuple(dict.fromkeys(numbers))

    def _weekdays(self, text: str) -> tuple[tuple[int, int], ...]:
        values = text.split(",")
        if len(values) > _MOST_VALUES:
            self._add_reason("tooMany", f"must have at most {_MOST_VALUES} values in BYDAY")
            return ()
        days: list[tuple[int, int]] = []
        for value in values:
            found = _WEEKDAY.fullmatch(value)
            ordinal = int(found[1] or 0) if found else 0
            if found is None or (found[1] and not 1 <= abs(ordinal) <= _PARTS["BYWEEKNO"].most):
                self._add_reason("invalidRule", f"must have days such as MO, 2TU or -1FR in BYDAY, not {quoted(value)}")
            else:
                days.append((ordinal, WEEKDAYS.index(found[2])))
        return tuple(dict.fromkeys(days))

    def _check_combination(
        self, frequency: str, by: Mapping[str, tuple[int, ...]], weekdays: tuple[tuple[int, int], ...]
    ) -> None:
        for name, others in _NOT_WITH.items():
            if name in by and frequency in others:
                self._add_reason("invalidRule", f"must not have {name} with FREQ={frequency}")
        largest = max((abs(ordinal) for ordinal, _ in weekdays), default=0)
        if largest and (frequency in {"WEEKLY", "DAILY", "HOURLY"} or "BYWEEKNO" in by):
            where = "BYWEEKNO" if "BYWEEKNO" in by else f"FREQ={frequency}"
            self._add_reason("invalidRule", f"must not count the days of BYDAY with {where}")
        elif largest > _MOST_WEEKDAYS_IN_A_MONTH and (frequency == "MONTHLY" or "BYMONTH" in by):
            self._add_reason(
                "outOfRange", f"must not count to {largest} in BYDAY: a month has five of a weekday at most"
            )

    def _dates(self, name: str, parameters: str, text: str) -> Iterator[DateOrTime]:
        """Yield the dates of an EXDATE or RDATE line: RFC 5545, sections 3.8.5.1 and 3.8.5.2."""
        for parameter in parameters.split(";") if parameters else ():
            key, _, value = parameter.partition("=")
            known = key.upper() == "VALUE" and value.upper() in {"DATE", "DATE-TIME"}
            if not known and (key.upper() != "TZID" or value.strip('"') != self._time_zone):
                message = f"must have no parameter of {name} but VALUE=DATE, or the schedule's own timeZone as TZID"
                self._add_reason("invalidRule", f"{message}, not {quoted(parameter)}")
        for value in text.split(","):
            date_or_time = self._date_or_time(name, value.upper())
            if date_or_time is not None and name == "RDATE" and not isinstance(date_or_time, datetime):
                self._add_reason("invalidRule", f"must have times in RDATE, not a whole day such as {value}")
            elif date_or_time is not None:
                yield date_or_time

    def _date_or_time(self, name: str, text: str) -> DateOrTime | None:
        try:
            return parse_date_or_time(text)
        except ValueError:
            message = f"must have dates such as 20270120T130000, 20270120T120000Z or 20270120 in {name}"
            self._add_reason("invalidDateTime", f"{message}, not {quoted(text)}")
            return None
