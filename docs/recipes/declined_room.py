"""Moves a meeting whose room has declined into a room that is free: `python declined_room.py URL [KEY]`.

Reads Convene's events from standard input, one JSON object a line, with Python alone. In a service, call `react` from
`handle` of take_results.py, or of a receiver in webhook/. The app needs Place.Read.All for the list of rooms, and a
role on the calendars of the rooms: docs/permissions.md.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any


def react(event: dict[str, Any], url: str, key: str) -> str | None:
    """Return what was done about an event, None where there is nothing to do.

    An event may come twice, late, and after others: the meeting is read first, and changed only as it was read.
    """
    if event["type"] != "meeting.responded":
        return None
    meeting = call("GET", f"{url}/meetings/{event['data']['id']}", key)
    attendees = meeting["request"].get("attendees", [])
    declined = _declined_rooms(meeting["observed"], attendees)
    if not declined:
        return None
    invited = {_address(each) for each in attendees}
    room = _free_room(meeting["observed"], invited, url, key)
    if room is None:
        return f"{meeting['id']} {', '.join(sorted(declined))} declined, and no other room is free"
    change = {
        "attendees": [
            *(each for each in attendees if _address(each) not in declined),
            {"emailAddress": {"address": room["address"], "name": room["name"]}, "type": "resource"},
        ],
        "location": {"displayName": room["name"], "locationEmailAddress": room["address"]},
    }
    call("PATCH", f"{url}/meetings/{meeting['id']}", key, change, {"If-Match": f'"{meeting["version"]}"'})
    return f"{meeting['id']} moved to {room['address']}"


def _declined_rooms(observed: dict[str, Any], attendees: list[dict[str, Any]]) -> set[str]:
    """Return the addresses of the rooms that are still invited and have declined."""
    rooms = {_address(each) for each in attendees if each.get("type") == "resource"}
    return rooms & {each["address"].lower() for each in observed["attendees"] if each["response"] == "declined"}


def _free_room(observed: dict[str, Any], invited: set[str], url: str, key: str) -> dict[str, Any] | None:
    """Return a room that is free for the whole meeting, None if there is none."""
    listed = call("GET", f"{url}/rooms", key)["rooms"]
    rooms = {each["address"].lower(): each for each in listed if each["address"].lower() not in invited}
    if not rooms:
        return None
    start, end = observed["start"], observed["end"]
    length = datetime.fromisoformat(end["dateTime"]) - datetime.fromisoformat(start["dateTime"])
    duration = f"PT{int(length.total_seconds()) // 60}M"
    question = {"rooms": list(rooms)[:100], "start": start, "end": end, "duration": duration}
    slots = call("POST", f"{url}/availability", key, question)["slots"]
    free = [address.lower() for slot in slots for address in slot["rooms"]]
    return rooms[free[0]] if free else None


def _address(attendee: dict[str, Any]) -> str:
    return attendee["emailAddress"]["address"].lower()


def call(method: str, url: str, key: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """Return the JSON of an answer.

    Raises:
        RuntimeError: the call was refused. After 412 somebody else has changed the meeting: react to the event again.
    """
    sent = {"x-functions-key": key, "Content-Type": "application/json", **(headers or {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 - the address is your own
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.loads(error.read() or b"{}")
        raise RuntimeError(f"{error.code} {problem.get('code')}: {problem.get('detail')}") from error


def main(url: str, key: str) -> None:
    """React to each event, and print what was done."""
    for line in sys.stdin:
        done = react(json.loads(line), url, key)
        if done:
            print(done, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the app's address, such as http://127.0.0.1:7071/api")
    parser.add_argument("key", help="a function key", nargs="?", default="")
    main(**vars(parser.parse_args()))
