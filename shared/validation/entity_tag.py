"""Entity tags: the version of a meeting or a schedule, as If-Match names it."""

from shared.errors import VersionMismatchError


def require_version(version: int, if_match: str | None) -> None:
    """Compare entity tags as If-Match does: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1.

    Raises:
        VersionMismatchError: the header names other versions only.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if f'"{version}"' not in {tag.strip() for tag in if_match.split(",")}:
        raise VersionMismatchError(f"it has version {version} now")
