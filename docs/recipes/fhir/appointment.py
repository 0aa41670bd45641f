"""A FHIR Appointment as a meeting request, and its join link back in the Appointment.

`python appointment.py request < appointment.json` prints what to send to `POST /meetings`.
`python appointment.py link MEETING.json [--r4] < appointment.json` prints the Appointment with the link: in R5 as
`virtualService` (https://hl7.org/fhir/R5/appointment-definitions.html#Appointment.virtualService), in R4 as the
extension for it (https://hl7.org/fhir/uv/xver-r5.r4/, whose form is not final).
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EXTENSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService"
CHANNEL = {"system": "http://hl7.org/fhir/virtual-service-type", "code": "ms-teams", "display": "Microsoft Teams"}
# A clinic's own choice: everybody but the organizer waits in the lobby, and nothing is recorded.
OPTIONS = {
    "lobbyBypassSettings": {"scope": "organizer"},
    "allowedPresenters": "organizer",
    "recordAutomatically": False,
}


def meeting_request(appointment: dict[str, Any]) -> dict[str, Any]:
    """Return the request: the practitioner organizes, every other participant with an address is invited."""
    actors = {f"#{actor['id']}": actor for actor in appointment.get("contained", [])}
    people = [actors[each["actor"]["reference"]] for each in appointment["participant"]]
    [organizer, *_] = [_address(each) for each in people if each["resourceType"] == "Practitioner"]
    invited = [each for each in people if _address(each) not in {organizer, ""}]
    return {
        "organizer": organizer,
        "reference": appointment["id"],
        "subject": appointment.get("description", "Video visit"),
        "start": _utc(appointment["start"]),
        "end": _utc(appointment["end"]),
        "attendees": [{"emailAddress": {"address": _address(each), "name": _name(each)}} for each in invited],
        "options": OPTIONS,
    }


def with_link(appointment: dict[str, Any], meeting: dict[str, Any], *, r4: bool = False) -> dict[str, Any]:
    """Return the Appointment with the join link of its meeting."""
    if not r4:
        return appointment | {"virtualService": [{"channelType": CHANNEL, "addressUrl": meeting["joinUrl"]}]}
    parts = [
        {"url": "channelType", "valueCoding": CHANNEL},
        {"url": "address", "valueUrl": meeting["joinUrl"]},
    ]
    return appointment | {"extension": [*appointment.get("extension", []), {"url": EXTENSION, "extension": parts}]}


def _address(actor: dict[str, Any]) -> str:
    return next((each["value"] for each in actor.get("telecom", []) if each["system"] == "email"), "")


def _name(actor: dict[str, Any]) -> str:
    return next((each.get("text", "") for each in actor.get("name", [])), "")


def _utc(instant: str) -> dict[str, str]:
    return {
        "dateTime": datetime.fromisoformat(instant).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "timeZone": "UTC",
    }


def main() -> None:
    """Read an Appointment, and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("request")
    link = actions.add_parser("link")
    link.add_argument("meeting", type=Path)
    link.add_argument("--r4", action="store_true")
    options = parser.parse_args()
    appointment = json.load(sys.stdin)
    if options.action == "request":
        result = meeting_request(appointment)
    else:
        result = with_link(appointment, json.loads(options.meeting.read_text(encoding="utf-8")), r4=options.r4)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
