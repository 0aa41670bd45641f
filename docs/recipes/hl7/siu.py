"""Carries out an HL7 v2 SIU message and prints its acknowledgement: `python siu.py URL [KEY] < MESSAGE`.

S12 creates a meeting, S13 and S14 change it, S15 and S17 cancel it. The filler's appointment id (SCH-2) is the
meeting's `reference` and idempotency key, so a message that comes twice changes nothing. Call `carry_out` from the
interface engine that receives the messages. It runs with Python alone.

The message's fields are those of HL7 v2.5.1, chapter 10: https://www.hl7.org/implement/standards/product_brief.cfm?product_id=144
"""

import argparse
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any

# A staff id (AIP-3) at this domain is the organizer's address, and times without an offset are in this zone.
DOMAIN = "contoso.com"
ZONE = "Europe/Berlin"
# A clinic's own choice: everybody but the organizer waits in the lobby, and nothing is recorded.
OPTIONS = {"lobbyBypassSettings": {"scope": "organizer"}, "recordAutomatically": False}
_CHANGES = ("S13", "S14")
_CANCELLATIONS = ("S15", "S17")
_FINAL_STATUSES = ("cancelled", "external")
_TIME = re.compile(r"(\d{12})(\d{2})?(?:\.\d{1,4})?([+-]\d{4})?")


class Message:
    """An HL7 v2 message: its segments, and the separators that its MSH declares."""

    def __init__(self, text: str) -> None:
        lines = [line for line in re.split("[\r\n]+", text) if line.strip()]
        if not lines or not lines[0].startswith("MSH") or len(lines[0]) < len("MSH|^~\\&"):
            raise ValueError("the message does not begin with MSH and its separators")
        self._field, self._component, self._repetition, self._escape, _ = lines[0][3:8]
        fields = [line.split(self._field) for line in lines]
        # MSH-1 is the separator itself.
        self._segments = [[each[0], self._field, *each[1:]] if each[0] == "MSH" else each for each in fields]

    def value(self, name: str, field: int, component: int = 1) -> str:
        """Return a component of the first segment with a name, empty if the message has none."""
        found = next((each for each in self._segments if each[0] == name), [])
        repetition = (found[field] if field < len(found) else "").split(self._repetition)[0]
        components = repetition.split(self._component)
        return self._unescaped(components[component - 1]) if component <= len(components) else ""

    def acknowledgement(self, code: str, text: str = "") -> str:
        """Return the ACK: `AA` for done, `AE` for a fault to correct or retry, `AR` for a message not taken here."""
        trigger, control_id = self.value("MSH", 9, 2), self.value("MSH", 10)
        now = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
        header = f"MSH|^~\\&|CONVENE||{self.value('MSH', 3)}||{now}||ACK^{trigger}^ACK|{control_id}|P|2.5.1"
        return f"{header}\rMSA|{code}|{control_id}|{re.sub(r'[|^~&\\\\\s]+', ' ', text)}\r"

    def _unescaped(self, text: str) -> str:
        plain = {"F": self._field, "S": self._component, "R": self._repetition, "E": self._escape, "T": "&"}
        escape = re.escape(self._escape)
        return re.sub(f"{escape}([FSRET]){escape}", lambda found: plain[found[1]], text)


def meeting_request(message: Message) -> dict[str, Any]:
    """Return the request for an appointment: AIP-3 organizes, the patient (PID) is invited."""
    patient = {
        "address": message.value("PID", 13, 4),
        "name": f"{message.value('PID', 5, 2)} {message.value('PID', 5)}",
    }
    return {
        "organizer": f"{message.value('AIP', 3)}@{DOMAIN}",
        "reference": message.value("SCH", 2),
        "subject": message.value("SCH", 7, 2) or "Video visit",
        "start": _time(message.value("SCH", 11, 4) or message.value("TQ1", 7)),
        "end": _time(message.value("SCH", 11, 5) or message.value("TQ1", 8)),
        "attendees": [{"emailAddress": patient}] if patient["address"] else [],
        "options": OPTIONS,
    }


def carry_out(text: str, url: str, key: str) -> str:
    """Do what a message asks for, and return its acknowledgement.

    Raises:
        ValueError: the text is no HL7 message, so there is nothing to acknowledge.
    """
    message = Message(text)
    trigger = message.value("MSH", 9, 2)
    if message.value("MSH", 9) != "SIU" or trigger not in {"S12", *_CHANGES, *_CANCELLATIONS}:
        return message.acknowledgement("AR", "SIU with S12, S13, S14, S15 or S17 is expected")
    try:
        _carry_out(message, trigger, url, key)
    except (ValueError, RuntimeError) as error:
        return message.acknowledgement("AE", f"{error}")
    return message.acknowledgement("AA")


def _carry_out(message: Message, trigger: str, url: str, key: str) -> None:
    appointment = message.value("SCH", 2)
    if not appointment:
        raise ValueError("SCH-2 (filler appointment id) is missing")
    known = call("GET", f"{url}/meetings?{urllib.parse.urlencode({'reference': appointment})}", key)["meetings"]
    found = [each for each in known if each["status"] not in _FINAL_STATUSES]
    if trigger in _CANCELLATIONS:
        for meeting in found:
            call("DELETE", f"{url}/meetings/{meeting['id']}", key)
        return
    request = meeting_request(message)
    if trigger in _CHANGES and found:
        change = {name: request[name] for name in ("subject", "start", "end", "attendees")}
        call("PATCH", f"{url}/meetings/{found[0]['id']}", key, change)
    else:
        call("POST", f"{url}/meetings", key, request, {"Idempotency-Key": f"siu-{appointment}"})


def _time(text: str) -> dict[str, str]:
    """Return an HL7 time such as 202701201300 or 20270120130000+0100 as Graph writes it."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a time such as 202701201300 or 20270120130000+0100 (SCH-11 or TQ1)")
    minutes, seconds, offset = found.groups()
    local = datetime.strptime(f"{minutes}{seconds or '00'}{offset or '+0000'}", "%Y%m%d%H%M%S%z")
    moment = local.astimezone(UTC) if offset else local
    return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC" if offset else ZONE}


def call(method: str, url: str, key: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """Return the JSON of an answer.

    Raises:
        RuntimeError: the call was refused, or the app did not answer.
    """
    sent = {"x-functions-key": key, "Content-Type": "application/json", **(headers or {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 - the address is your own
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.loads(error.read() or b"{}")
        raise RuntimeError(f"{error.code} {problem.get('code', error.reason)}: {problem.get('detail', '')}") from error
    except urllib.error.URLError as error:
        raise RuntimeError(f"no answer: {error.reason}") from error


def main(url: str, key: str) -> None:
    """Carry out the message on standard input, and print its acknowledgement."""
    acknowledgement = carry_out(sys.stdin.read(), url, key)
    print(acknowledgement.replace("\r", "\n"), end="")
    if "MSA|AA|" not in acknowledgement:
        sys.exit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the app's address, such as http://127.0.0.1:7071/api")
    parser.add_argument("key", help="a function key", nargs="?", default="")
    main(**vars(parser.parse_args()))
