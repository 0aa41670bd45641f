"""HTML as plain text, for readers that show no HTML."""

import html
import re

import nh3

_LINE_ENDS = re.compile(r"(?i)<br\b[^>]*>|</(?:p|div|li|tr|h[1-6]|table|ul|ol|blockquote|pre)\s*>")
_NOT_SHOWN = {"head", "script", "style", "title"}


def plain_text(document: str) -> str:
    """Return what a reader sees of an HTML document, line by line."""
    marked = _LINE_ENDS.sub("\n", document.replace("\r", " ").replace("\n", " "))
    text = html.unescape(nh3.clean(marked, tags=set(), clean_content_tags=_NOT_SHOWN))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
