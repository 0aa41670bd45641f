"""Admission: the checks that a valid request has to pass before anything is done for it.

Here is the rule who may act for whom: the setting ALLOWED_ORGANIZERS and the caller's own organizers both have to allow
an organizer. Two calls ask less, and say why: `Caller.require_may_end`, and the readiness of an organizer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.access.callers import Caller
from shared.access.organizers import may_organize
from shared.errors import Fault, InvalidRequestError, OrganizerNotAllowedError
from shared.meeting_request import MeetingRequest, StandaloneRequest, option_properties
from shared.settings.clouds import Cloud


@dataclass(frozen=True, slots=True)
class Admission:
    """Which organizers and options this deployment allows.

    Attributes:
        allowed_organizers: the setting ALLOWED_ORGANIZERS.
        cloud: where Graph is.
    """

    allowed_organizers: frozenset[str]
    cloud: Cloud

    def admit(self, request: MeetingRequest, caller: Caller) -> None:
        """Refuse a request that the caller may not make, or that Graph cannot fulfil in this cloud.

        Raises:
            InvalidRequestError: Graph has no online meetings in this cloud, or not with the options of the request.
            OrganizerNotAllowedError: the settings do not let an organizer organize, or this caller name them.
        """
        self.require_in_cloud(request)
        self.require_allowed(request.organizers, caller)

    def allows(self, organizer: str) -> bool:
        """Return whether the setting ALLOWED_ORGANIZERS allows an organizer, for every caller."""
        return may_organize(organizer, self.allowed_organizers)

    def require_allowed(self, organizers: Iterable[str], caller: Caller) -> None:
        """Refuse organizers, other people or rooms for whom this app, or this caller, may not act.

        Raises:
            OrganizerNotAllowedError: ALLOWED_ORGANIZERS or CALLERS does not allow one of them.
        """
        for organizer in organizers:
            if not self.allows(organizer):
                raise OrganizerNotAllowedError(
                    f"This app may not act for {organizer}: the setting ALLOWED_ORGANIZERS, which also holds for rooms,"
                    " does not name them"
                )
            caller.require_may_name(organizer)

    def require_in_cloud(self, request: MeetingRequest) -> None:
        """Refuse a request that Graph cannot fulfil in this cloud.

        Raises:
            InvalidRequestError: Graph has no online meetings in this cloud, or not with the options of the request.
        """
        faults = list(self._unknown_options(request) if self.cloud.online_meetings else self._faults(request))
        if faults:
            raise InvalidRequestError(faults)

    def _unknown_options(self, request: MeetingRequest) -> Iterator[Fault]:
        """Yield the options that Graph would accept in this cloud, and ignore."""
        if not self.cloud.unknown_options:
            return
        parent = "" if isinstance(request, StandaloneRequest) else "/options"
        for name in sorted(self.cloud.unknown_options & option_properties(request).keys()):
            message = f"Microsoft Graph does not have {name} in {self.cloud.name}: leave it out."
            yield Fault(f"{parent}/{name}", "notInThisCloud", message)

    def _faults(self, request: MeetingRequest) -> Iterator[Fault]:
        """Yield what needs an onlineMeeting."""
        why = f"Microsoft Graph has no onlineMeetings in {self.cloud.name}"
        if isinstance(request, StandaloneRequest):
            yield Fault("/kind", "notInThisCloud", f"{why}: ask for kind calendar.")
            return
        if request.options is not None:
            yield Fault("/options", "notInThisCloud", f"{why}: leave the options out.")
        if request.language is not None:
            yield Fault("/language", "notInThisCloud", f"{why}, which have the join information: leave it out.")
