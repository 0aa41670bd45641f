"""A page in one file, and the policy under which a browser runs its own scripts and styles, and no others.

One file, because the address of a page may hold the function key, and requests for further files would need the key
too.
"""

import base64
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is served.

    https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
    """

    html: bytes
    compressed: bytes
    content_security_policy: str


def make_page(html: str, scripts: Mapping[str, str], styles: Mapping[str, str], **directives: str) -> Page:
    """Return a page from a frame, in which `{{ name }}` stands for the script or style of that name.

    Args:
        html: the frame.
        scripts: their texts by name.
        styles: their texts by name.
        directives: further directives of the policy, with `_` for `-`.
    """
    texts = {name: _inline(text) for name, text in {**scripts, **styles}.items()}
    for name, text in texts.items():
        html = html.replace(f"{{{{ {name} }}}}", text)
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(_hash(texts[name]) for name in scripts),
        "style-src": " ".join(_hash(texts[name]) for name in styles),
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    } | {name.replace("_", "-"): value for name, value in directives.items()}
    data = html.encode()
    return Page(data, gzip.compress(data, mtime=0), "; ".join(f"{name} {value}" for name, value in policy.items()))


def read_asset(folder: str, name: str) -> str:
    """Return the text of a file of a page."""
    return (Path(__file__).parent / folder / name).read_text(encoding="utf-8")


def _inline(text: str) -> str:
    """Return a text that cannot end the element that it stands in."""
    return text.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
