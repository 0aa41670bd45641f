"""A new body around Teams' join block, whatever the block's markup."""

import pytest
from bs4 import BeautifulSoup

from shared.use_cases.provision.event_body import merged_body
from tests.integration.conftest import sample

LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%7d&x=1"
ANCHOR = f'<a href="{LINK.replace("&", "&amp;")}">Join</a>'
RULE = "<div><span>________________________________</span></div>"


def merged(current: str, wanted: dict[str, str]) -> str:
    body = merged_body(current, wanted, LINK)
    assert body
    return body["content"]


def test_the_documented_body() -> None:
    """In the body of Microsoft's example the caller's words change, and nothing of the block."""
    event = sample("calendar_create.response")
    current, link = event["body"]["content"], event["onlineMeeting"]["joinUrl"]
    merged = merged_body(current, {"contentType": "html", "content": "<p>Other words</p>"}, link)
    assert merged
    assert merged["contentType"] == "html"
    assert "Does this time work" not in merged["content"]
    before, after = (BeautifulSoup(text, "html.parser") for text in (current, merged["content"]))
    assert str(after.find(class_="me-email-text")) == str(before.find(class_="me-email-text"))
    assert after.body is not None
    assert after.body.get_text().strip().startswith("Other words")
    assert after.get_text().count("_" * 80) == 2


@pytest.mark.parametrize(
    "current",
    [
        f"<html><body>Old{RULE}<div>{ANCHOR}</div>{RULE}</body></html>",
        f"<html><body><p>Old</p><div><p>{ANCHOR}</p></div></body></html>",
        f"<html><body><div>Old<br>{RULE}<div>{ANCHOR}</div>{RULE}</div></body></html>",
        f"<body><table><tr><td>Old</td></tr></table>{RULE}\n<section>{ANCHOR}</section></body>",
        f"Old{RULE}<div>{ANCHOR}</div>",
        f"<html><body>Old {ANCHOR}</body></html>",
        f"<html><body><p>Old, join here: {ANCHOR}</p>{RULE}<div>{ANCHOR}</div>{RULE}</body></html>",
        f'<body><div class="me-email-text">{ANCHOR} Old</div>{RULE}<div>{ANCHOR}</div></body>',
    ],
)
def test_other_markup(current: str) -> None:
    """The link is what the block is known by; the words before it are the caller's."""
    content = merged(current, {"contentType": "text", "content": "New <words> & more"})
    assert content.count(ANCHOR) == 1
    assert "Old" not in content
    assert "New &lt;words&gt; &amp; more" in content
    assert content.index("New") < content.index(ANCHOR)


def test_a_body_without_the_block_is_not_replaced() -> None:
    """A new body would take the event offline, so there is none."""
    assert merged_body("<p>Old</p>", {"contentType": "html", "content": "<p>New</p>"}, LINK) is None


def test_a_second_change_replaces_the_first() -> None:
    """However often it is changed, the body holds the latest words and one block."""
    current = f"<html><body>Old{RULE}<div>{ANCHOR}</div>{RULE}</body></html>"
    for number in range(5):
        current = merged(current, {"contentType": "html", "content": f"<p>Words {number}</p>"})
    assert current.count("Words") == 1
    assert "Words 4" in current
    assert current.count(ANCHOR) == 1
    assert current.count("_" * 32) == 2
