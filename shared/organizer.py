"""An organizer as callers name one, and the setting ALLOWED_ORGANIZERS: what is checked before Graph is asked."""

import uuid

from shared.errors import Fault, InvalidRequestError, OrganizerNotAllowedError
from shared.meeting_request.people import check_organizer


def is_object_id(organizer: str) -> bool:
    """Tell whether an organizer is named by object id."""
    try:
        uuid.UUID(organizer)
    except ValueError:
        return False
    return True


def may_organize(organizer: str, allowed: frozenset[str]) -> bool:
    """Tell whether the setting allows an organizer, by the name that the caller uses."""
    name = organizer.casefold()
    suffix = name[name.rfind("@") :] if "@" in name else name
    return not allowed.isdisjoint({"*", name, suffix})


def require_allowed(organizer: str, allowed: frozenset[str]) -> None:
    """Refuse an organizer whom the setting does not allow.

    Raises:
        OrganizerNotAllowedError: it does not.
    """
    if not may_organize(organizer, allowed):
        raise OrganizerNotAllowedError(
            f"{organizer} may not organize meetings here: the setting ALLOWED_ORGANIZERS does not name them"
        )


def require_organizer(organizer: str) -> None:
    """Refuse what is neither an object id nor a user principal name.

    Raises:
        InvalidRequestError: it is neither.
    """
    try:
        check_organizer(organizer)
    except ValueError as error:
        message = "organizer is neither an object id nor a user principal name such as AlexW@contoso.com."
        raise InvalidRequestError([Fault("/organizer", "invalidOrganizer", message)]) from error
