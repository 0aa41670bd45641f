"""Invitation files: a meeting as iCalendar (RFC 5545), for callers who invite people by other means than Outlook.

Invitations -> appointment (what the invitation says, for every kind of meeting) -> calendar_file (the bytes), which
takes a VTIMEZONE from time_zone_rules and its own texts from words.
"""

from shared.use_cases.invitation.invitations import Invitations

__all__ = ["Invitations"]
