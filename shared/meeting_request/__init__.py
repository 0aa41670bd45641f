"""The meeting request: what callers may ask for, checked, in one canonical form, and in Graph's words.

parse_request   a JSON value -> MeetingRequest, or every fault at once
find_warnings   what is valid, and may still be a mistake
as_given        the request as its reader recognises it
canonical, fingerprint
                the same for all requests that ask for the same
event_properties, online_meeting_properties, option_properties
                what Graph is sent

calendar_request, standalone_request, existing_request, any_kind
                                                        the kinds of requests
people, places, pools, options, html_body, recurrence   their members
recurrence_rule, event_occurrences, event_times         when a meeting takes place
parse, refused_fields, graph_only, warnings             from JSON, with every fault and warning
canonical_form                                          to JSON, and to one form for comparison
"""

from shared.meeting_request.calendar_request import CalendarRequest, event_properties
from shared.meeting_request.canonical_form import as_given, canonical, fingerprint, option_properties
from shared.meeting_request.existing_request import ExistingRequest
from shared.meeting_request.options import MeetingOptions
from shared.meeting_request.parse import LARGEST_REQUEST, MeetingRequest, NewMeetingRequest, parse_request
from shared.meeting_request.standalone_request import StandaloneRequest, online_meeting_properties
from shared.meeting_request.warnings import find_warnings

__all__ = [
    "LARGEST_REQUEST",
    "CalendarRequest",
    "ExistingRequest",
    "MeetingOptions",
    "MeetingRequest",
    "NewMeetingRequest",
    "StandaloneRequest",
    "as_given",
    "canonical",
    "event_properties",
    "find_warnings",
    "fingerprint",
    "online_meeting_properties",
    "option_properties",
    "parse_request",
]
