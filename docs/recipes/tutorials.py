"""Ten tutorials of a week in two rooms: `python tutorials.py URL [KEY]`. Needs only Python.

Two groups meet at the same time on each of five days. Convene gives each the first of the two rooms that is free. Sent
again, it creates none twice. The app needs a role on the calendars of the rooms: docs/pools.md.
"""

import argparse
import json
import sys
import time
import urllib.request
from typing import Any

TUTORS = ["LidiaH@contoso.com", "NestorW@contoso.com"]
ROOMS = ["Baker@contoso.com", "Able@contoso.com"]
DAYS = ["2027-04-12", "2027-04-13", "2027-04-14", "2027-04-15", "2027-04-16"]


def tutorial(day: str, group: int) -> dict[str, Any]:
    """Return one item of the batch; its key is the tutorial's place in the timetable."""
    start, end = ({"dateTime": f"{day}T{clock}:00", "timeZone": "Europe/Berlin"} for clock in ("10:00", "11:30"))
    request = {
        "organizer": TUTORS[group - 1],
        "reference": f"analysis-{day}",
        "subject": f"Analysis, tutorial {group}",
        "start": start,
        "end": end,
        "roomPool": {"candidates": ROOMS},
    }
    return {"idempotencyKey": f"analysis-{day}-{group}", "request": request}


def call(url: str, key: str, body: Any = None) -> Any:
    """Return the JSON of an answer."""
    headers = {"x-functions-key": key, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - the address is your own
    with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310
        return json.load(answer)


def outcome(result: dict[str, Any], key: str) -> str:
    """Return what became of one item, once its meeting is finished."""
    if "problem" in result:
        return f"refused: {result['problem']['detail']}"
    while (meeting := call(result["location"], key))["status"] in ("queued", "running"):
        time.sleep(2)
    if meeting["status"] == "succeeded":
        return f"succeeded in {meeting['room']['name']}"
    return f"failed: {meeting['error']['message']}"


def main(url: str, key: str) -> None:
    """Send all tutorials as one batch, and print what became of each; exit with 1 unless all have a room."""
    items = [tutorial(day, group) for day in DAYS for group in (1, 2)]
    results = call(f"{url}/meetings/batch", key, {"meetings": items})["results"]
    outcomes = [outcome(result, key) for result in results]
    for item, each in zip(items, outcomes, strict=True):
        print(item["idempotencyKey"], each)
    sys.exit(not all(each.startswith("succeeded") for each in outcomes))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the app's address, such as http://127.0.0.1:7071/api")
    parser.add_argument("key", help="a function key", nargs="?", default="")
    main(**vars(parser.parse_args()))
