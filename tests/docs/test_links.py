"""The pages of the documentation: every link within the repository leads somewhere, every page is led to."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "infra").glob("*.md")]
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")


def links(page: Path) -> list[str]:
    """Return the links of a page that do not leave the repository."""
    found = [one or other for one, other in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))]
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """Return what headings can be linked by, as GitHub and MkDocs make it of them."""
    headings = re.findall(
        r"^#+ (.+)$",
        re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL),
        re.MULTILINE,
    )
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_its_links_lead_somewhere(page: Path) -> None:
    """To a file or folder that is there, and to a heading that it has."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_every_page_is_led_to() -> None:
    """From the README, or from a page that the README leads to."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = ((page.parent / link.partition("#")[0]).resolve() for link in links(page))
        waiting += [target for target in targets if target.suffix == ".md" and target.is_file()]
    assert set((ROOT / "docs").rglob("*.md")) <= seen


def test_the_readme_is_a_front_page() -> None:
    """At most 150 lines: the reference stands in docs/."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_pictures_differ_in_their_colours_only() -> None:
    """The path of a request is drawn for light and dark pages."""
    light, dark = (
        re.sub(r"#[0-9a-f]{6}", "", (ROOT / "docs" / "images" / f"path-{scheme}.svg").read_text(encoding="utf-8"))
        for scheme in ("light", "dark")
    )
    assert light == dark
