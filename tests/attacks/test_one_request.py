"""One bad request costs the others nothing: bounded work, bounded memory, a bounded answer."""

import asyncio
import json
import re
import tracemalloc
from collections.abc import Sequence
from typing import Any, override

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import function_app
from shared.access.origin import Origin
from shared.errors import InvalidRequestError, RequestTooLargeError, RowRefusedError, RowTooLargeError
from shared.meeting_request import parse_request
from shared.meeting_request.html_body import MAX_ATTRIBUTES, clean_html, complexity, removed_names
from shared.storage import Operation
from shared.use_cases.batch import BatchItem, read_csv_items
from shared.validation.json_text import decode_json
from tests.app_fixture import World
from tests.attacks.cost import steep
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable
from tests.http_client import InProcess

assert function_app
LARGEST_ANSWER = 256 * 1024
HEADER = "organizer,subject,start,end,timeZone,attendees\n"
ROW = 'AlexW@contoso.com,Visit,2027-01-20 13:00,2027-01-20 14:00,UTC,"{}"\n'


def _inside(value: Any, levels: int) -> dict[str, Any]:
    """Return a value that many objects deep, each under a long name."""
    for _ in range(levels):
        value = {"x" * 100: value}
    return value


MANY_FAULTS: dict[str, dict[str, Any]] = {
    "items that are no attendees": CALENDAR | {"attendees": [1] * 500},
    "unknown fields": CALENDAR | {f"a{number}": 0 for number in range(20_000)},
    "unknown fields in many attendees": CALENDAR | {"attendees": [{f"a{n}": 0 for n in range(50)}] * 500},
    "long names": CALENDAR | {"x" * 2000 + str(number): 0 for number in range(120)},
    "faults in a long name": CALENDAR | {"x" * 100_000: ["\0"] * 200},
    "long names that are escaped": CALENDAR | {f"{number}{'\u202e' * 300}": 0 for number in range(120)},
    "long names outside the basic plane": CALENDAR | {f"{number}{'\U0001f600' * 150}": 0 for number in range(120)},
    "long names of pointers' own characters": CALENDAR | {f"{number}{'~' * 300}": 0 for number in range(120)},
    "faults deep below long names": CALENDAR | _inside(["\0"] * 200, 50),
    "characters that cannot be stored": CALENDAR | {"categories": ["\0"] * 25_000},
}


@pytest.mark.parametrize("document", MANY_FAULTS.values(), ids=MANY_FAULTS)
async def test_an_answer_is_bounded(document: dict[str, Any]) -> None:
    """The first hundred faults are listed, in less than 256 KiB, and that there are more."""
    answer = await InProcess(World()).call("POST", "/meetings/validate", document)
    assert answer.status == 400
    assert len(answer.text) < LARGEST_ANSWER
    assert (len(answer.json["errors"]), answer.json["moreFaults"]) == (100, True)


async def test_the_detail_says_how_many_faults_there_are_beside_it() -> None:
    """Of seven faults the first three are told, and that there are four more."""
    answer = await InProcess(World()).call("POST", "/meetings/validate", {"a": 0, "b": 0, "c": 0})
    assert len(answer.json["errors"]) == 7
    assert answer.json["detail"].endswith("There are 4 more faults.")
    assert "moreFaults" not in answer.json


def test_a_cell_of_two_million_addresses() -> None:
    """The row is refused before anything is built of it."""
    data = (HEADER + ROW.format("a;" * 2_000_000)).encode()
    tracemalloc.start()
    [item] = read_csv_items(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * len(data)
    assert [fault.code for fault in item.faults] == ["tooLarge"]


def test_a_cell_of_more_addresses_than_a_meeting_has() -> None:
    """One more than are allowed are read of it."""
    [item] = read_csv_items((HEADER + ROW.format("a@b.example;" * 20_000)).encode())
    assert len(item.document["attendees"]) == 501


async def test_a_batch_of_nothing_but_faults() -> None:
    """Others have their turn between two items: each item is at least one step of the loop."""
    world = World()
    items = [BatchItem({f"a{number}": 0 for number in range(4_200)}) for _ in range(85)]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(others())
    outcomes = await world.app.batch.accept(items, Origin())
    other.cancel()
    assert all(isinstance(each, InvalidRequestError) and each.faults and each.more_faults for each in outcomes)
    assert turns >= len(items)


async def test_a_row_larger_than_a_request() -> None:
    """It is answered as a request alone would be."""
    items = read_csv_items((HEADER + ROW.format("x" * 300_000) + ROW.format("a@b.example")).encode())
    refused, accepted = await World().app.batch.accept(items, Origin())
    assert isinstance(refused, RequestTooLargeError)
    assert not isinstance(accepted, Exception)


def test_depth_with_a_string_without_end() -> None:
    """Brackets that no parser follows, and after them a quote that nothing closes."""
    deep = "[" * 20_000

    def read(text: str) -> None:
        decode_json(f'{deep}"{text}'.encode())

    assert not steep(read)


HTML = {
    "attributes": "<p " + " ".join(f"a{number}" for number in range(30_000)) + ">",
    "elements in elements": "<div>" * 9_999,
    "lists in lists": "<ul><li>" * 4_999,
    "list items in definitions": "<li><dd>" * 4_999,
    "fonts around paragraphs": "<p>" + "".join(f"<font size={n}>" for n in range(100)) + "</p>" + "<p>x" * 9_000,
    "fonts around cells": "<table>" + "".join(f"<font size={n}>" for n in range(100)) + "<tr>x" * 9_000,
    "equal elements around paragraphs": "<b><i><u><s><em><tt><big><small><strike><strong><code><font>" * 3
    + "<p>x" * 9_000,
    "links in links": "".join(f"<b x={n}><a href=x:{n}>" for n in range(900)),
    "end tags that fit nothing": "<span><div></span></div>" * 4_000,
}


@pytest.mark.parametrize("html", HTML.values(), ids=HTML)
def test_html_that_takes_a_parser_long_is_refused(html: str) -> None:
    """Before the parser sees it."""
    with pytest.raises(ValueError, match=r"has a tag with more|deeper than can be cleaned|that stay open"):
        clean_html(html)


def test_html_as_large_as_it_may_be() -> None:
    """A long mail as Outlook writes it is cleaned, and its tags have as many attributes as they need."""
    paragraph = "<p class=MsoNormal><span lang=DE style='font-size:11.0pt'>Dear all, see you on Monday.</span></p>"
    assert clean_html(paragraph * 2_300).count("see you on Monday") == 2_300
    attributes = " ".join(f"a{number}=1" for number in range(MAX_ATTRIBUTES))
    assert clean_html(f"<p {attributes}>text</p>") == "<p>text</p>"


def test_html_with_many_links() -> None:
    """A newsletter: what is opened and closed within a paragraph is not repeated by a parser."""
    paragraph = '<p><a href="https://x.example/">x</a> <font color="red"><b>y</b></font></p>'
    assert removed_names(paragraph * 1_900, clean_html(paragraph * 1_900)) == []


BLOCKS = ("p", "div", "ul", "li", "dl", "dd", "table", "tr", "td", "caption", "h1", "pre", "center", "blockquote")
FORMATTING = ("a", "b", "em", "font", "i", "nobr", "tt", "u")
ELEMENTS = (*BLOCKS, *FORMATTING, "span", "br")
PIECES = [
    "x",
    *(f"<{name}/x={n}>" for name in FORMATTING for n in (1, 2)),
    *(f"<{name}>" for name in ELEMENTS),
    *(f"</{name}>" for name in ELEMENTS),
]
PARSER = nh3.Cleaner(tags={*ELEMENTS, "tbody"})
# A parser puts <tbody> and <tr> around a cell.
IMPLIED = 2


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@example(["<font>", *["<li>", "<dd>"] * 5, "</font>", "<p>", "x"])
@example(["<a>", "<b>", "<a>"])
def test_a_parser_makes_no_more_of_html_than_was_counted(pieces: list[str]) -> None:
    """However tags are nested: each element of the result is a tag of the text, or a counted copy."""
    html = "".join(pieces)
    counted = complexity(html)
    most = html.count("<") + IMPLIED * html.count("<t") + counted.copies
    assert len(re.findall("<[a-z]", PARSER.clean(html))) <= most


def test_no_text_in_a_body_is_worth_more_than_its_length() -> None:
    """Cleaning included."""
    assert not steep(lambda text: parse_request(CALENDAR | {"body": {"contentType": "html", "content": text}}))


async def test_over_the_queue_the_record_is_bounded_too() -> None:
    """A message of nothing but faults is a failed meeting with a hundred of them."""
    world = World()
    await world.app.message_handler.handle(json.dumps({f"field{number}": 0 for number in range(3_000)}), "m1")
    [row] = [row for rows in world.table.partitions.values() for row in rows if row.startswith("meeting.")]
    meeting = await world.ledger.read(row.removeprefix("meeting."))
    assert meeting.error is not None
    assert (len(meeting.error.errors), meeting.error.more_faults) == (100, True)


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (RowTooLargeError("the table never takes these rows: EntityTooLarge"), 413, "tooLarge"),
        (RowRefusedError("the table never takes these rows: InvalidInput"), 500, "internalError"),
    ],
)
async def test_a_row_that_the_storage_refuses(
    refusal: RowRefusedError, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Its size is the caller's to shorten, where the bounds were too wide; anything else is a failure of the app."""

    class Strict(InMemoryTable):
        @override
        async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
            raise refusal

    there = World()
    there.table = Strict()
    there.app = there.new_host()
    answer = await InProcess(there).call("POST", "/meetings", CALENDAR)
    assert (answer.status, answer.code) == (status, code)
    assert str(refusal) in caplog.text
