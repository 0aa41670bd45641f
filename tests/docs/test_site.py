"""The documentation as a site: every page is in its navigation, and its links lead to pages of the site."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
_specification = importlib.util.spec_from_file_location("site_hooks", ROOT / ".ci" / "site_hooks.py")
assert _specification is not None
assert _specification.loader is not None
hooks: Any = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(hooks)
DOCS = ROOT / "docs"


def configuration() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def named(navigation: Any) -> list[str]:
    """Return the pages of a navigation, those of its parts among them."""
    if isinstance(navigation, str):
        return [navigation]
    parts = navigation.values() if isinstance(navigation, dict) else navigation
    return [page for part in parts for page in named(part)]


def test_every_page_is_in_the_navigation() -> None:
    """Once: those of docs/, and those that lie elsewhere."""
    pages = [str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")] + list(hooks.ELSEWHERE.values())
    assert sorted(named(configuration()["nav"])) == sorted(pages), "give each page a place in mkdocs.yml"


@pytest.mark.parametrize(
    ("place", "written", "shown"),
    [
        ("index.md", "[API](docs/api.md#errors)", "[API](api.md#errors)"),
        ("index.md", '<img src="docs/images/path-light.svg">', '<img src="images/path-light.svg">'),
        ("api.md", "[settings](settings.md)", "[settings](settings.md)"),
        ("recipes/README.md", "[the front page](../../README.md)", "[the front page](../index.md)"),
        ("deploy.md", "[permissions](../docs/permissions.md)", "[permissions](permissions.md)"),
        ("graph.md", "[the client](../shared/graph/client.py)", "the client"),
        ("api.md", "[Graph](https://learn.microsoft.com/graph/) [here](#errors)", None),
        ("api.md", "`[a](../x.py)`", None),
    ],
)
def test_links(place: str, written: str, shown: str | None) -> None:
    """A page keeps its page, a file of the code is named without a link, and code stays as it is."""
    assert hooks.site_links(written, place) == (shown or written)


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No fonts of another host, and no address of a script or style in the configuration."""
    given = configuration()
    assert given["theme"]["font"] is False
    assert not re.search(r"https?://", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
