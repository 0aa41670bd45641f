from typing import Any

import pytest

from shared.meeting_request import event_properties
from tests.shared.meeting_request.requests import (
    attendee,
    calendar_document,
    codes_of,
    faults_of,
    parsed_calendar,
)

FORBIDDEN = ["\r", "\n", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069"]


@pytest.mark.parametrize("character", FORBIDDEN)
def test_one_line(character: str) -> None:
    """Characters that break a line or turn its direction are refused wherever one line is meant, and named."""
    text = f"a{character}b"
    document = calendar_document(
        subject=text,
        reference=text,
        categories=["fine", text],
        attendees=[attendee("a@contoso.com", name=text)],
        location={"displayName": text, "locationUri": text, "address": {"city": text}},
    )
    assert codes_of(document) == [
        ("/subject", "forbiddenCharacter"),
        ("/reference", "forbiddenCharacter"),
        ("/categories/1", "forbiddenCharacter"),
        ("/attendees/0/emailAddress/name", "forbiddenCharacter"),
        ("/location/displayName", "forbiddenCharacter"),
        ("/location/locationUri", "forbiddenCharacter"),
        ("/location/address/city", "forbiddenCharacter"),
    ]
    assert f"U+{ord(character):04X}" in faults_of(document)[0].message


@pytest.mark.parametrize(
    "text",
    [
        "اجتماع مع العميل",
        "פגישה עם הלקוח",
        "Família 👨‍👩‍👧‍👦 ❤️ 🏳️‍🌈 🇩🇪",
        "e\u0301 ≠ é",
        "LRM\u200e RLM\u200f",
        "{{7*7}} ${jndi:ldap://x} %s %n {0} '; DROP TABLE--",
        "x" * 255,
        "🎉" * 255,
    ],
)
def test_kept(text: str) -> None:
    """Every other text reaches Graph character for character."""
    request = parsed_calendar(subject=text, body={"contentType": "text", "content": f"{text}\r\n\t<b>"})
    event = event_properties(request)
    assert (event["subject"], event["body"]) == (text, {"contentType": "text", "content": f"{text}\r\n\t<b>"})


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"subject": ""}, "/subject", "blank"),
        ({"subject": " \u3000\u200b\ufeff"}, "/subject", "blank"),
        ({"subject": "x" * 256}, "/subject", "tooLong"),
        ({"reference": "x" * 256}, "/reference", "tooLong"),
        ({"reference": ""}, "/reference", "blank"),
        ({"categories": ["a", ""]}, "/categories/1", "blank"),
        ({"location": {"displayName": " "}}, "/location/displayName", "blank"),
        ({"body": {"contentType": "text", "content": "bell \x07"}}, "/body/content", "forbiddenCharacter"),
    ],
)
def test_refused(members: dict[str, Any], pointer: str, code: str) -> None:
    """A text has to show something, and to fit."""
    assert codes_of(calendar_document(**members)) == [(pointer, code)]


@pytest.mark.parametrize("tag", ["ja", "pt-BR", "zh-Hans-CN", "es-419", "de-CH-1996", "en-GB-u-ca-gregory", "EN-us"])
def test_language(tag: str) -> None:
    """A well-formed BCP 47 tag is a language."""
    assert parsed_calendar(language=tag).language == tag


@pytest.mark.parametrize("tag", ["", "j", "english language", "pt_BR", "ja;q=0.5", "de-", "\u0435n", "en\n"])
def test_no_language(tag: str) -> None:
    """Anything else is not, so that it cannot become another header either."""
    assert codes_of(calendar_document(language=tag)) == [("/language", "invalidLanguage")]


def test_names_in_any_case() -> None:
    """Graph's own examples write enumeration members in other cases; they are kept as Graph defines them."""
    request = parsed_calendar(
        body={"contentType": "HTML", "content": "x"},
        importance="High",
        attendees=[attendee("a@contoso.com") | {"type": "Required"}],
        location={"displayName": "x", "locationType": "Default"},
    )
    event = event_properties(request)
    assert event["body"]["contentType"] == "html"
    assert event["importance"] == "high"
    assert event["attendees"][0]["type"] == "required"
    assert event["location"]["locationType"] == "default"
