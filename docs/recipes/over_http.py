"""Creates a meeting over HTTP and prints its join link: `python over_http.py URL [KEY]`. Needs only Python."""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

REQUEST: dict[str, Any] = {
    "organizer": "AlexW@contoso.com",
    "reference": "visit-4713",
    "subject": "Video visit",
    "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2027-01-20T13:30:00", "timeZone": "Europe/Berlin"},
    "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com"}}],
}


def call(method: str, url: str, key: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    """Return the status, the headers and the body of an answer.

    Raises:
        SystemExit: the request was refused; the message is the problem that the API describes.
    """
    sent = {"x-functions-key": key, "Content-Type": "application/json", **headers}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 - the address is your own
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.loads(error.read() or b"{}")
        sys.exit(f"{error.code} {problem.get('code', error.reason)}: {problem.get('detail', '')}")


def main(url: str, key: str) -> None:
    """Send the request once, wait until the meeting is finished, and print its link or why it failed."""
    headers = {"Idempotency-Key": REQUEST["reference"], "Prefer": "wait=30"}
    status, answer, meeting = call("POST", f"{url}/meetings", key, REQUEST, **headers)
    while status == 202:  # noqa: PLR2004 - accepted, not finished
        time.sleep(int(answer["Retry-After"]))
        status, answer, meeting = call("GET", answer["Location"], key)
    if meeting["status"] != "succeeded":
        sys.exit(f"{meeting['error']['code']}: {meeting['error']['remedy']}")
    print(meeting["joinUrl"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the app's address, such as http://127.0.0.1:7071/api")
    parser.add_argument("key", help="a function key", nargs="?", default="")
    main(**vars(parser.parse_args()))
