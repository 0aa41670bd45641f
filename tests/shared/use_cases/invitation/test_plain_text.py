"""HTML bodies as the text of an invitation file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.meeting_request.html_body import clean_html
from shared.use_cases.invitation.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        (
            "<p>Agenda:</p><table><tr><th>Time</th><th>Topic</th></tr><tr><td>10:00</td><td>Intro</td></tr></table><p>End",
            ["Agenda:", "Time | Topic", "10:00 | Intro", "End"],
        ),
        ("<table><tr><td>in it</td></tr></table>below", ["in it", "below"]),
        ("<table><tr><td><p>10:00</p></td><td></td><td><p>Intro</p></td></tr></table>", ["10:00 | Intro"]),
        (
            "<table><tr><td><p>Dear all,<table><tr><td>a</td><td>b</td></tr></table><p>Bye</td><td>beside</td></table>",
            ["Dear all,", "a | b", "Bye", "beside"],
        ),
        ('See <a href="https://x.example/?a=1&amp;b=2">the plan</a>.', ["See the plan <https://x.example/?a=1&b=2>."]),
        ('<a href="https://x.example">https://x.example</a>', ["https://x.example"]),
        ('<a href="https://x.example/">x.example/</a>', ["x.example/"]),
        ('<a href="mailto:a@x.example">a@x.example</a>', ["a@x.example"]),
        ('<a href="tel:+4969">call</a>', ["call <tel:+4969>"]),
        ('<a href="https://x.example"><img src="https://y.example/q.png" alt="QR"></a>', ["QR <https://x.example>"]),
        (
            "<pre>one\n  two</pre>three\nfour&nbsp;five<br>six<hr>seven",
            ["one", "two", "three four five", "six", "seven"],
        ),
        ("<b>a</b><i>b</i> &lt;c&gt; &amp;amp;", ["ab <c> &amp;"]),
        ("<style>p{}</style><script>x()</script><p>shown", ["shown"]),
        ("</td></tr></pre></a>text", ["text"]),
    ],
)
def test_what_a_reader_sees(html: str, lines: list[str]) -> None:
    """In order, with the cells of a row apart and the addresses of links kept."""
    assert plain_text(clean_html(html)).split("\n") == lines


PIECES = ["<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<p>", "</p>", "<br>", "<a href='https://x.example'>",
          "</a>", "<li>", "<ul>", "</ul>", "<b>", "</b>", "<pre>", "</pre>", "\n"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.integers(0, 99).map(str), max_size=40))
def test_every_word_in_its_place(pieces: list[str]) -> None:
    """Whatever the markup, the words are those of the cleaned document, in its order."""
    cleaned = clean_html(" ".join(f"w{piece}w" if piece.isdigit() else piece for piece in pieces))
    words = [word for word in plain_text(cleaned).split() if word.startswith("w")]
    shown = [part for part in cleaned.replace("<", " <").replace(">", "> ").split() if part.startswith("w")]
    assert words == shown


def test_depth_is_no_fault() -> None:
    """Elements nested deeper than Python's own stack are read all the same."""
    assert plain_text("<div><table><tr><td>" * 2_000 + "x" + "</td></tr></table></div>" * 2_000) == "x"
