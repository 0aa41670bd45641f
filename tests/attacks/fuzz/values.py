"""Values that a field does not expect."""

import copy
import random
from collections.abc import Callable
from typing import Any, Final

_REPEATED: Final = (
    *("T", "t-", "-1T", "TZ", "-", "0", "9", ":", ".", "a.", "a@", "@", "x ", " ", "\t", "\n", '"', "'", "\\", "/"),
    *(";", ",", "<", ">", "&", "<b a=", "<!--", "<p>", "a=1 ", "é", "ж", "\u0301", "\u200d", "😀", "P1D", "+01"),
    *("{date}", "BYDAY=MO;", "MO,", "%2E", "%", "\u00a0", "\u202e", "[", "{", "&amp;", "=", "A"),
)
_LENGTHS: Final = (2, 65, 256, 1_025, 12_000, 90_000, 240_000)
_TEXTS: Final = (
    *("", " ", "\0", "\x07", "\x1b[31m", "\x7f", "\u2028", "\u202eevil", "\ud800", "\udfff x", "\ufffe", "\ufeff"),
    *("null", "true", "0", "-0", "1e309", "NaN", "Infinity", "[]", "{}", '{"a":1}', "undefined", "None"),
    *("../..", "..%2f..", "a/b", "a\\b", "a#b", "a?b", "%00", "%2e%2e", "//evil.example", "http://169.254.169.254/"),
    *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "'", "''", "' or 1 eq 1 or '", "x' and 1 eq 1"),
    *("$filter=x", "$(id)", "`id`", "{{7*7}}", "${jndi:ldap://x}", "%s%n", "=cmd|'/c calc'!A1", "@SUM(1)", "-1+1"),
    *("<script>x</script>", "<img src=x onerror=x>", "<p style='display:none'>x", "<svg onload=x>", "<a href=//x>x"),
    *("<![CDATA[x]]>", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "<table><tr><td>", "</body></html>x", "<blockquote cite=//x>"),
    *("a@b", "a@b@c", "@", "a@", "@b", '"a b"@c.example', "a@[127.0.0.1]", "a@straße.de", "maße@x.de", "A@XN--X.de"),
    *("a@" + "b." * 130 + "de", "a" * 65 + "@b.de", "ﬀ@x.de", "a@b\u0000.de", "mailto:a@b.de", "a;b@c.de", "*", "@*"),
    *("0000-00-00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "2027-02-29T00:00:00", "2027-01-20T24:00:00"),
    *("2027-01-20T23:59:60", "2027-01-20", "2027-01-20T13:00:00Z", "2027-01-20T13:00:00+99:99", "\uff12027-01-20"),
    *("2027-W03-3", "2027-020", "20270120T130000", "1e3", "٣", "UTC", "utc+99", "Europe/Nowhere", "../UTC", "Eastern"),
    *("P", "PT", "P0D", "-P1D", "P9999999999Y", "PT1E9S", "PT0.0000001S", "P1Y2M3W", "PT24H", "P400D", "p1d", "1 day"),
    *("RRULE:", "RRULE:FREQ=SECONDLY", "RRULE:FREQ=DAILY;COUNT=0", "RRULE:FREQ=DAILY;INTERVAL=999999999"),
    *("RRULE:FREQ=DAILY;BYSETPOS=366", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "RRULE:FREQ=DAILY;UNTIL=00000101"),
    *("RRULE:FREQ=DAILY\nRRULE:FREQ=DAILY", "EXDATE:x", "RRULE:FREQ=DAILY\nRDATE:99991231T235959Z", "DTSTART:20270101"),
    *("calendar", "standalone", "existing", "teamsForBusiness", "everyone", "organizer", "html", "text", "required"),
    *("11111111-1111-4111-8111-111111111111", "00000000-0000-0000-0000-000000000000", "AAMk" + "A" * 900, "x" * 255),
    *("ja", "x-private", "i-klingon", "en-" * 20, "zh-Hans-CN-u-co-pinyin-x-1", 'W/"1"', '"1"', "__proto__"),
)  # fmt: skip
_OTHERS: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -0.0, -1, 1, 1.5, 2**31, 2**53 + 1, -(2**63), 10**19, 10**40, 1e308, -1e-308),
    *([], {}, [[]], [None], [{}], [0], {"": ""}, {"a": None}, {"@odata.type": "x"}, {"$ref": "#"}, {"__proto__": {}}),
    *([1] * 501, ["a@b.de"] * 2_000, [{}] * 600, [[1] * 100] * 100, {f"k{n}": n for n in range(2_000)}),
    *([{"emailAddress": {"address": f"a{n}@b.de"}} for n in range(510)], ["\0"] * 300),
)


def _nested(depth: int) -> Any:
    value: Any = 0
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def hostile(chance: random.Random) -> Any:
    """Return one of the values; long ones are rarer."""
    kinds: list[tuple[float, Callable[[], Any]]] = [
        (0.55, lambda: chance.choice(_TEXTS)),
        (0.25, lambda: copy.deepcopy(chance.choice(_OTHERS))),  # a later change must not reach the list
        (0.14, lambda: _repeated(chance)),
        (0.03, lambda: _nested(chance.choice((5, 30, 63, 64, 65, 900)))),
        (0.03, lambda: "".join(chr(chance.randrange(1, 0x11_0000)) for _ in range(chance.randrange(1, 40)))),
    ]
    [make] = chance.choices([make for _, make in kinds], [weight for weight, _ in kinds])
    return make()


def hostile_text(chance: random.Random, longest: int) -> str:
    """Return a hostile text for where nothing but a text can stand, such as a header or a query."""
    text = chance.choice(_TEXTS) if chance.random() < 0.8 else _repeated(chance)
    return text[:longest]


def _repeated(chance: random.Random) -> str:
    length = chance.choice(_LENGTHS)
    border = chance.choice(("", "x", "2027-01-20T", "<p>"))
    return f"{border}{(chance.choice(_REPEATED) * length)[:length]}{border}"
