"""The page to read and try."""

import base64
import gzip
import hashlib
import re
import subprocess
import sys

import pytest

from shared.openapi.page import page


def test_it_is_whole() -> None:
    """One file: no script, style, font or picture is loaded from anywhere, and it is the same when compressed."""
    text = page().html.decode()
    head, _, rest = text.partition("<script>")
    assert not re.search(r"<link[^>]+href=\"(?!data:)|<script[^>]+src|@import|url\((?!\"?data:)", head)
    assert "SwaggerUIBundle" in rest
    assert "{{" not in head
    assert gzip.decompress(page().compressed) == page().html


def test_its_policy_knows_its_scripts_and_styles() -> None:
    """Each is allowed by its hash, and nothing else is."""
    text, policy = page().html.decode(), page().content_security_policy
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        inline = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in inline}
        [allowed] = [part for part in policy.split("; ") if part.startswith(directive)]
        assert set(allowed.split()[1:]) == hashes
    assert "unsafe" not in policy


@pytest.mark.slow
def test_the_package_of_its_assets_is_not_imported() -> None:
    """Its __init__ would load Flask."""
    program = "import sys; from shared.openapi.page import page; page(); sys.exit('flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
