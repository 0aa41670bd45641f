"""The options of an online meeting: people named in both ways, and what Graph shows of them afterwards.

https://learn.microsoft.com/graph/api/onlinemeeting-update
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.errors import RejectedError
from shared.graph import remedies
from shared.validation.addresses import mailbox_key

TIMES: Final = frozenset({"startDateTime", "endDateTime"})
_LICENSED: Final = frozenset({"isEndToEndEncryptionEnabled", "sensitivityLabelAssignment"})
_USUAL_ROLE: Final = "attendee"
# Roles that Graph gives only to whom a request names. Presenters are among them where not everybody presents.
_GIVEN_ROLES: Final = frozenset({"coorganizer", "producer"})

type Participant = dict[str, Any]


def with_both_names(participants: dict[str, Any], users: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Return participants with object id and user principal name, as far as they are known.

    With the name alone Graph gives nobody a role, with the id alone it fails:
    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/771. Guests from outside have a name only.

    Args:
        participants: as requested.
        users: object id and user principal name by each of the two, in the form that is compared.
    """
    return participants | {"attendees": [_with_both_names(each, users) for each in participants["attendees"]]}


def half_named(participants: dict[str, Any]) -> list[str]:
    """Return the ids and names of those participants who are named in one way only."""
    names = [names_of(each) for each in participants["attendees"]]
    return [upn or object_id or "" for object_id, upn in names if not (object_id and upn)]


def require_set(wanted: dict[str, Any], answer: dict[str, Any]) -> None:
    """Refuse to call options set that Graph does not show, or shows with another value.

    The onlineMeeting's type is open: what a cloud's schema lacks is taken without a word
    (https://github.com/microsoftgraph/msgraph-metadata, schemas/v1.0-Fairfax.csdl). Times come back in another
    spelling, and are no options.

    Raises:
        RejectedError: `optionsNotSet`, with their names.
    """
    names = {name for name in wanted.keys() - TIMES - {"participants"} if not _agrees(wanted[name], answer.get(name))}
    if "participants" in wanted and not _have_their_roles(wanted["participants"]["attendees"], answer):
        names.add("participants")
    if names:
        raise RejectedError(
            "optionsNotSet",
            f"Graph took the options and does not show them as they were asked for: {', '.join(sorted(names))}.",
            remedies.options_not_set(
                needs_licence=not _LICENSED.isdisjoint(names), names_people="participants" in names
            ),
        )


def names_of(participant: Participant) -> tuple[str | None, str | None]:
    """Return a participant's object id and user principal name."""
    user: Any = participant.get("identity")
    user = user.get("user") if isinstance(user, dict) else None
    found = (user.get("id") if isinstance(user, dict) else None, participant.get("upn"))
    object_id, upn = (name if isinstance(name, str) and name else None for name in found)
    return object_id, upn


def _with_both_names(participant: Participant, users: Mapping[str, tuple[str, str]]) -> Participant:
    known = [users[mailbox_key(name)] for name in names_of(participant) if name and mailbox_key(name) in users]
    if not known:
        return participant
    object_id, upn = known[0]
    identity: dict[str, Any] = participant.get("identity") or {}
    user = {**(identity.get("user") or {}), "id": object_id}
    return participant | {"upn": upn, "identity": {**identity, "user": user}}


def _agrees(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(_agrees(wanted[name], actual.get(name)) for name in wanted)
    if isinstance(wanted, list):
        shown: list[Any] = actual if isinstance(actual, list) else []
        return len(wanted) == len(shown) and all(any(_agrees(item, other) for other in shown) for item in wanted)
    if isinstance(wanted, str) and isinstance(actual, str):
        return wanted.casefold() == actual.casefold()
    return wanted == actual


def _have_their_roles(wanted: list[Participant], answer: dict[str, Any]) -> bool:
    """Return whether everybody takes part with the role that was asked for, and nobody else has a role.

    Whom an event invites takes part as well, so that further attendees mean nothing.
    """
    participants = answer.get("participants")
    shown = participants.get("attendees") if isinstance(participants, dict) else None
    people = [each for each in shown if isinstance(each, dict)] if isinstance(shown, list) else []
    named_presenters = _agrees("roleIsPresenter", answer.get("allowedPresenters"))
    given_roles = _GIVEN_ROLES | {"presenter"} if named_presenters else _GIVEN_ROLES
    kept = [each for each in people if _role(each) in given_roles]
    return all(_takes_part(each, people) for each in wanted) and all(_takes_part(each, wanted) for each in kept)


def _takes_part(wanted: Participant, people: list[Participant]) -> bool:
    """Return whether a participant is among the people, with the requested role.

    Names to show are answered as null, and so is the role of attendees.
    """
    found = [each for each in people if not set(_keys(wanted)).isdisjoint(_keys(each))]
    role = wanted.get("role")
    return any(role is None or _role(each) == role.casefold() for each in found)


def _keys(participant: Participant) -> Iterator[str]:
    return (mailbox_key(name) for name in names_of(participant) if name)


def _role(participant: Participant) -> str:
    role = participant.get("role")
    return role.casefold() if isinstance(role, str) else _USUAL_ROLE
