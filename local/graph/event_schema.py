"""The properties of an event, with their types.

https://learn.microsoft.com/graph/api/resources/event
"""

from typing import Final

from local.graph.validation import BOOLEAN, DOUBLE, INT32, TEXT, Choice, Complex, Date, Many, Text

PROVIDERS: Final = ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")
LONGEST_SUBJECT: Final = 255

_DAY: Final = Choice(("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"))
_ADDRESS: Final = Complex("emailAddress", {"address": TEXT, "name": TEXT})
_TIME: Final = Complex("dateTimeTimeZone", {"dateTime": TEXT, "timeZone": TEXT})
_BODY: Final = Complex("itemBody", {"content": TEXT, "contentType": Choice(("text", "html"))})

_LOCATION: Final = Complex(
    "location",
    {
        "displayName": TEXT,
        "locationEmailAddress": TEXT,
        "locationUri": TEXT,
        "uniqueId": TEXT,
        "uniqueIdType": Choice(("unknown", "locationStore", "directory", "private", "bing")),
        "locationType": Choice(
            (
                *("default", "conferenceRoom", "homeAddress", "businessAddress", "geoCoordinates"),
                *("streetAddress", "hotel", "restaurant", "localBusiness", "postalAddress"),
            )
        ),
        "address": Complex(
            "physicalAddress", dict.fromkeys(("city", "countryOrRegion", "postalCode", "state", "street"), TEXT)
        ),
        "coordinates": Complex(
            "outlookGeoCoordinates",
            dict.fromkeys(("accuracy", "altitude", "altitudeAccuracy", "latitude", "longitude"), DOUBLE),
        ),
    },
)

TIME_SLOT: Final = Complex("timeSlot", {"start": _TIME, "end": _TIME})

_ATTENDEE: Final = Complex(
    "attendee",
    {
        "emailAddress": _ADDRESS,
        "type": Choice(("required", "optional", "resource")),
        # Ignored: a client may send back what it has read.
        "status": Complex("responseStatus", {"response": TEXT, "time": TEXT}),
        "proposedNewTime": TIME_SLOT,
    },
)

RECURRENCE: Final = Complex(
    "patternedRecurrence",
    {
        "pattern": Complex(
            "recurrencePattern",
            {
                "type": Choice(
                    ("daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly")
                ),
                "interval": INT32,
                "month": INT32,
                "dayOfMonth": INT32,
                "daysOfWeek": Many(_DAY),
                "firstDayOfWeek": _DAY,
                "index": Choice(("first", "second", "third", "fourth", "last")),
            },
        ),
        "range": Complex(
            "recurrenceRange",
            {
                "type": Choice(("endDate", "noEnd", "numbered")),
                "startDate": Date(),
                "endDate": Date(),
                "recurrenceTimeZone": TEXT,
                "numberOfOccurrences": INT32,
            },
        ),
    },
)

_EXTENDED: Final = Many(Complex("singleValueLegacyExtendedProperty", {"id": TEXT, "value": TEXT}))

_WRITABLE: Final = {
    "subject": Text(LONGEST_SUBJECT),
    "body": _BODY,
    "start": _TIME,
    "end": _TIME,
    "location": _LOCATION,
    "locations": Many(_LOCATION),
    "attendees": Many(_ATTENDEE),
    "recurrence": RECURRENCE,
    "isAllDay": BOOLEAN,
    "allowNewTimeProposals": BOOLEAN,
    "hideAttendees": BOOLEAN,
    "importance": Choice(("low", "normal", "high")),
    "sensitivity": Choice(("normal", "personal", "private", "confidential")),
    "showAs": Choice(("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")),
    "categories": Many(TEXT),
    "isReminderOn": BOOLEAN,
    "reminderMinutesBeforeStart": INT32,
    "responseRequested": BOOLEAN,
    "isOnlineMeeting": BOOLEAN,
    "onlineMeetingProvider": Choice(PROVIDERS),
    "singleValueExtendedProperties": _EXTENDED,
}

READ_ONLY: Final = frozenset(
    [
        "id",
        "createdDateTime",
        "lastModifiedDateTime",
        "changeKey",
        "originalStart",
        "originalStartTimeZone",
        "originalEndTimeZone",
        "iCalUId",
        "uid",
        "occurrenceId",
        "hasAttachments",
        "bodyPreview",
        "isCancelled",
        "isOrganizer",
        "isDraft",
        "seriesMasterId",
        "type",
        "webLink",
        "onlineMeetingUrl",
        "onlineMeeting",
        "responseStatus",
        "organizer",
        "cancelledOccurrences",
        "attachments",
        "calendar",
        "exceptionOccurrences",
        "extensions",
        "instances",
        "multiValueExtendedProperties",
    ]
)

# `transactionId` can be set on creation only, and never changes.
NEW_EVENT: Final = Complex("event", {**_WRITABLE, "transactionId": TEXT}, READ_ONLY)
CHANGED_EVENT: Final = Complex("event", _WRITABLE, READ_ONLY | {"transactionId"})
CANCELLATION: Final = Complex("cancel", {"comment": TEXT, "Comment": TEXT})

# https://learn.microsoft.com/graph/api/calendar-getschedule; its samples write the names with capitals as well.
_SCHEDULE_REQUEST: Final = {
    "schedules": Many(TEXT),
    "startTime": _TIME,
    "endTime": _TIME,
    "availabilityViewInterval": INT32,
}
SCHEDULE_REQUEST: Final = Complex("getSchedule", _SCHEDULE_REQUEST)

SELECTABLE: Final = READ_ONLY | NEW_EVENT.properties.keys()

# Only the organizer's copy has these, so that a change of them mails nobody.
PERSONAL: Final = frozenset(
    {"categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs", "singleValueExtendedProperties"}
)
