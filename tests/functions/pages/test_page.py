"""The pages: one file each, under a policy that runs nothing but what is in it."""

import base64
import gzip
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from functions.pages.console import console_page
from functions.pages.docs import docs_page
from functions.pages.page import Page, make_page

PAGES = pytest.mark.parametrize("page", [docs_page, console_page])


@PAGES
def test_it_is_whole(page: Callable[[], Page]) -> None:
    """One file: no script, style, font or picture is loaded from anywhere, and it is the same when compressed."""
    text = page().html.decode()
    frame = re.sub(r"(<script[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)
    assert not re.search(r"<link[^>]+href=\"(?!data:)|<script[^>]+src|@import|url\((?!\"?data:)", frame)
    assert not re.search(r"\{\{ .* \}\}", frame)
    assert gzip.decompress(page().compressed) == page().html


@PAGES
def test_its_policy_knows_its_scripts_and_styles(page: Callable[[], Page]) -> None:
    """Each is allowed by its hash, and nothing else is."""
    text, policy = page().html.decode(), page().content_security_policy
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        inline = re.findall(f"<{element}[^>]*>(.*?)</{element}>", text, re.DOTALL)
        hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in inline}
        [allowed] = [part for part in policy.split("; ") if part.startswith(directive)]
        assert set(allowed.split()[1:]) == hashes
    assert "unsafe" not in policy


def test_a_script_cannot_end_its_element() -> None:
    """What would end it, or begin a comment, is written otherwise."""
    made = make_page("<script>{{ x }}</script>", {"x": "'</script><!--'"}, {})
    assert made.html == rb"<script>'<\/script><\!--'</script>"


def test_text_cannot_become_markup_in_the_console() -> None:
    """The browser itself refuses that a script makes markup of text."""
    policy = console_page().content_security_policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy


@pytest.mark.slow
def test_the_package_of_the_library_is_not_imported() -> None:
    """Its __init__ would load Flask."""
    program = "import sys; from functions.pages.docs import docs_page; docs_page(); sys.exit('flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
