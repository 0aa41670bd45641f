# ruff: noqa: INP001 - run by MkDocs, imported by nobody
"""Makes a site of the repository's own pages: `make docs`, by MkDocs' hooks.

https://www.mkdocs.org/user-guide/configuration/#hooks
"""

import os
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# Pages outside docs/, and their place in the site.
ELSEWHERE = {
    "README.md": "index.md",
    "infra/README.md": "deploy.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "CHANGELOG.md": "changelog.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s:]+)\)|(src|srcset)=\"([^\":]+)\"")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie outside docs/."""
    from mkdocs.structure.files import File

    for source, place in ELSEWHERE.items():
        files.append(File.generated(config, place, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Let the links of a page lead to pages of the site."""
    return site_links(markdown, page.file.src_uri)


def site_links(markdown: str, place: str) -> str:
    """Return a page with its links as the site has them; a file that is no page of the site is named without a link.

    Args:
        markdown: the page as in the repository, its links relative to its folder there.
        place: its path in the site.
    """
    sources = {there: here for here, there in ELSEWHERE.items()}
    folder = posixpath.dirname(sources.get(place, f"docs/{place}"))

    def rewritten(link: re.Match[str]) -> str:
        image, text, target, attribute, picture = link.groups()
        path, hash_, anchor = (target or picture).partition("#")
        if not path:
            return link[0]
        found = _in_site(posixpath.normpath(posixpath.join(folder, path)))
        if found is None:
            return text
        there = os.path.relpath(found, posixpath.dirname(place) or ".") + hash_ + anchor
        return f'{attribute}="{there}"' if attribute else f"{image}[{text}]({there})"

    parts = _CODE.split(markdown)
    return "".join(part if _CODE.fullmatch(part) else _LINK.sub(rewritten, part) for part in parts)


def _in_site(path: str) -> str | None:
    if path.startswith("docs/") and (ROOT / path).is_file():
        return path.removeprefix("docs/")
    return ELSEWHERE.get(path)
