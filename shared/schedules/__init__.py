"""Schedules: meetings from a rule.

rule_text, date_or_time, duration    RFC 5545: the text of a rule
rule_evaluation, timetable           when the rule's meetings begin
schedule_request, parse              the request for a schedule, or every fault of it
subject_placeholders                 `{date}`, `{time}` and `{week}` in its meetings' subjects
schedule, store                      the record, with the cursor up to which its meetings exist
schedule_response                    the schedule as callers see it
"""

from shared.schedules.parse import parse_schedule
from shared.schedules.schedule import Schedule
from shared.schedules.schedule_request import ScheduleRequest
from shared.schedules.schedule_response import ScheduleResponse
from shared.schedules.store import TABLE, ScheduleStore

__all__ = [
    "TABLE",
    "Schedule",
    "ScheduleRequest",
    "ScheduleResponse",
    "ScheduleStore",
    "parse_schedule",
]
