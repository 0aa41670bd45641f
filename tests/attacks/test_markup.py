"""Markup that loads, hides or lies over what Teams and the mail program show."""

import pytest

from shared.meeting_request.html_body import clean_html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p style="margin-top:-200px;color:red">x</p>', '<p style="color:red">x</p>'),
        ('<p style="color:red; margin : 0 0 -.5em">x</p>', '<p style="color:red">x</p>'),
        ('<p style="display:none">x</p>', "<p>x</p>"),
        ('<p style="display:/**/none;color:red">x</p>', '<p style="color:red">x</p>'),
        ("<p style=\"background:image-set('https://evil.example/x')\">x</p>", "<p>x</p>"),
        ("<p style=\"background:IMAGE-SET ('https://evil.example/x')\">x</p>", "<p>x</p>"),
        ('<p style="margin-left:calc(0px - 100px)">x</p>', "<p>x</p>"),
        ('<p style="width:var(--x)">x</p>', "<p>x</p>"),
        ('<blockquote cite="javascript:alert(1)">x</blockquote>', "<blockquote>x</blockquote>"),
    ],
)
def test_it_goes(html: str, expected: str) -> None:
    """The declaration, the whole style if it loads something, or the attribute."""
    assert clean_html(html) == expected


@pytest.mark.parametrize(
    "html",
    [
        '<p style="margin-left:36pt;text-indent:-18pt">x</p>',
        '<p style="color:rgb(255, 0, 0);background-color:hsl(120 100% 50%)">x</p>',
        '<td style="display:block;padding:0 5.4pt">x</td>'.replace("td", "div"),
        '<blockquote cite="https://contoso.example/letter">x</blockquote>',
    ],
)
def test_what_mail_programs_write_stays(html: str) -> None:
    """Word's lists, colours in each notation, and a quotation's source."""
    assert clean_html(html) == html
