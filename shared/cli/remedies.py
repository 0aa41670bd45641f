"""The app's remedies for the command line: commands in place of HTTP calls."""

import re

_COMMANDS = (
    (re.compile(r"POST /api/meetings/([^/\s]+)/retry"), "convene retry {}"),
    (re.compile(r"GET /api/organizers/([^/\s]+)/readiness"), "convene readiness {}"),
    (re.compile(r"POST /api/availability()"), "convene availability"),
)
_SEND = re.compile(r"\b([Ss])end (?=`convene )")


def with_commands(text: str, meeting_id: str = "ID") -> str:
    """Return a text with the command in place of each call that has one; `meeting_id` replaces `{id}`."""
    for call, command in _COMMANDS:
        text = call.sub(lambda found, command=command: f"`{command.format(found[1])}`", text)
    text = _SEND.sub(lambda found: "Run " if found[1] == "S" else "run ", text)
    return text.replace("`convene retry {id}`", f"`convene retry {meeting_id}`")
