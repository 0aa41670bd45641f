"""Invitation files: a meeting as iCalendar (RFC 5545), for whoever invites people by other means than Outlook.

Invitations -> appointment (what is to be told, of whatever kind of meeting) -> calendar_file (the bytes), which takes
an RRULE from recurrence_rule, a VTIMEZONE from time_zone_rules and what the file says by itself from words.
"""

from shared.use_cases.invitation.invitations import Invitations

__all__ = ["Invitations"]
