"""The page to read and try the interface: Swagger UI in one file, which loads nothing but the document beside it.

Inline, because the page's address holds the function key, which other files would have to be asked for with.
"""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

# Its package is not imported: that would load Flask.
_ASSETS = "flask_swagger_ui"


@dataclass(frozen=True, slots=True)
class Page:
    """The page, and the policy under which a browser runs its own scripts and styles, and no others.

    https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
    """

    html: bytes
    compressed: bytes
    content_security_policy: str


@cache
def page() -> Page:
    """Return the page; the first call reads some 2 MB from the disk and compresses them."""
    style, library = (_asset(name) for name in ("swagger-ui.css", "swagger-ui-bundle.js"))
    start = _own("docs.js")
    html = _own("docs.html")
    for name, text in (("style", style), ("library", library), ("start", start)):
        html = html.replace(f"{{{{ {name} }}}}", text)
    policy = {
        "default-src": "'none'",
        "script-src": f"{_hash(library)} {_hash(start)}",
        "style-src": _hash(style),
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    data = html.encode()
    return Page(data, gzip.compress(data, mtime=0), "; ".join(f"{name} {value}" for name, value in policy.items()))


def _asset(name: str) -> str:
    spec = find_spec(_ASSETS)
    if spec is None or spec.submodule_search_locations is None:
        message = f"{_ASSETS} is not installed: install requirements.txt"
        raise ModuleNotFoundError(message)
    # Neither may end the element that it stands in.
    text = (Path(spec.submodule_search_locations[0]) / "dist" / name).read_text(encoding="utf-8")
    return text.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _own(name: str) -> str:
    return resources.files("shared.openapi").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
