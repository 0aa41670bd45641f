"""Prints who was invited to a lecture and did not come: `python no_shows.py URL KEY MEETING_ID [DATE]`.

DATE is a day of a series, by the clocks of the meeting's zone. Run it when the event `meeting.attended` comes, or some
hours after the lecture. The app needs `attendance` in its setting ARTIFACTS.
"""

import argparse
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

# An attendee who stayed for less counts as absent.
LEAST_SECONDS = 10 * 60


def read(url: str, key: str) -> Any:
    """Return what the API answers.

    Raises:
        SystemExit: it refuses; the message is the problem that it describes.
    """
    request = urllib.request.Request(url, headers={"x-functions-key": key})  # noqa: S310 - the address is your own
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.loads(error.read() or b"{}")
        sys.exit(f"{error.code} {problem.get('code', error.reason)}: {problem.get('detail', '')}")


def invited(meeting: dict[str, Any]) -> list[str]:
    """Return the addresses of the people whom the event invites: as last seen, otherwise as requested."""
    if meeting["observed"]:
        people = [(each["address"], each["type"]) for each in meeting["observed"]["attendees"]]
    else:
        attendees = meeting["request"].get("attendees") or []
        people = [(each["emailAddress"]["address"], each.get("type", "required")) for each in attendees]
    return [address for address, kind in people if kind != "resource"]


def seconds_by_address(reports: list[dict[str, Any]]) -> tuple[dict[str, int], int]:
    """Return how long each address was there, in all calls, and how many attended without an address."""
    seconds: dict[str, int] = {}
    nameless = 0
    for attendee in (each for report in reports for each in report["attendees"]):
        if address := (attendee["address"] or "").lower():
            seconds[address] = seconds.get(address, 0) + attendee["totalSeconds"]
        else:
            nameless += 1
    return seconds, nameless


def main(url: str, key: str, meeting_id: str, date: str) -> None:
    """Print one address a line; on standard error, how many attendees have no address in the reports."""
    query = f"?{urllib.parse.urlencode({'occurrence': date})}" if date else ""
    meeting = read(f"{url}/meetings/{meeting_id}", key)
    reports = read(f"{url}/meetings/{meeting_id}/attendance{query}", key)["reports"]
    if not reports:
        sys.exit("There is no attendance report yet. Nobody met, or the report comes later: try again in an hour.")
    if any(report.get("moreAttendees") for report in reports):
        sys.exit("More people came than an answer has room for: ask for one day of the series, or look into Teams.")
    seconds, nameless = seconds_by_address(reports)
    absent = [address for address in invited(meeting) if seconds.get(address.lower(), 0) < LEAST_SECONDS]
    print("\n".join(absent) if absent else "Everybody came.")
    if nameless:
        print(f"{nameless} came as guests or by telephone, and may be among them.", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the app's address, such as http://127.0.0.1:7071/api")
    parser.add_argument("key", help="a function key")
    parser.add_argument("meeting_id")
    parser.add_argument("date", nargs="?", default="")
    main(**vars(parser.parse_args()))
