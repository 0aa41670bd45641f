"""The probes: real calls to Graph that change nothing, one after the other, each with a turn at the mailbox's gate.

One after the other, because each takes one of the few places that Graph has for a mailbox, and because the next is
not made when Graph has just throttled the mailbox.
"""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from shared.access.callers import ANYBODY, Caller
from shared.errors import GraphError, RejectedError, TransientError
from shared.graph import remedies
from shared.graph.calendar_events import Providers
from shared.graph.refusals import Surface
from shared.graph.services import GraphServices
from shared.meeting_request.any_kind import TEAMS
from shared.meeting_request.people import is_object_id, require_organizer
from shared.settings.artifacts import Artifact
from shared.throttling.directory import Directory
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.admission import Admission
from shared.use_cases.readiness.report import (
    OrganizerReadinessResponse,
    ReadinessCheckResponse,
    failed,
    failed_by,
    passed,
)

_SURFACES = {
    Artifact.ATTENDANCE: Surface.ATTENDANCE,
    Artifact.TRANSCRIPTS: Surface.TRANSCRIPTS,
    Artifact.RECORDINGS: Surface.RECORDINGS,
}
_AFTER_USER = "The check 'user' has failed: follow its remedy first, then send the same request again."
_AFTER_MAILBOX = "The check 'mailbox' has failed: follow its remedy first, then send the same request again."


class Readiness:
    """The use case: check everything that a meeting of an organizer needs, before one is requested."""

    def __init__(
        self,
        graph: GraphServices,
        gate: MailboxGate,
        admission: Admission,
        artifacts: frozenset[Artifact],
    ) -> None:
        self._graph = graph
        self._gate = gate
        self._directory = Directory(graph.organizers, gate)
        self._admission = admission
        self._artifacts = artifacts

    async def examine(self, organizer: str, caller: Caller = ANYBODY) -> OrganizerReadinessResponse:
        """Return the result of every probe for an organizer; one that fails does not stop the others.

        ALLOWED_ORGANIZERS is a check of the report, so that the operator reads that it lacks the organizer.

        Raises:
            InvalidRequestError: the organizer is neither an object id nor a user principal name.
            OrganizerNotAllowedError: the caller may not name the organizer.
            TransientError: Graph answered no probe.
        """
        require_organizer(organizer)
        caller.require_may_name(organizer)
        user = await self._ask(organizer, self._directory.object_id(organizer))
        organizer_id = organizer if is_object_id(organizer) else user
        # Online meetings need an object id; without one, or in a cloud without them, no call is made.
        policy = None
        if isinstance(organizer_id, str) and self._admission.cloud.online_meetings:
            policy = await self._ask(organizer, self._read_online_meetings(organizer_id))
        wanted = [artifact for artifact in Artifact if artifact in self._artifacts]
        artifacts = [await self._check_artifact(organizer, organizer_id, artifact) for artifact in wanted]
        calendar = await self._ask(organizer, self._graph.events.providers(organizer))
        _require_an_answer([outcome for outcome in (user, calendar, policy) if outcome is not None])
        providers = calendar if isinstance(calendar, Providers) else None
        checks = (
            self._check_allowed(organizer),
            _check_user(organizer, user),
            _check_mailbox(organizer, calendar, user_found=isinstance(user, str)),
            _check_provider(organizer, calendar),
            self._check_policy(policy),
            *artifacts,
        )
        return OrganizerReadinessResponse(
            organizer=organizer,
            ready=all(check.ok for check in checks),
            allowed_online_meeting_providers=(providers and providers.allowed_online_meeting_providers) or (),
            default_online_meeting_provider=providers.default_online_meeting_provider if providers else None,
            checks=checks,
        )

    async def _ask[T](self, organizer: str, call: Coroutine[Any, Any, T]) -> T | GraphError:
        try:
            async with self._gate.access(organizer, read_only=True):
                return await call
        except GraphError as error:
            return error
        finally:
            call.close()  # if the gate did not admit it

    async def _read_online_meetings(self, organizer_id: str) -> bool:
        """Return True if the app may read the organizer's online meetings."""
        await self._graph.online_meetings.require_access(organizer_id)
        return True

    def _check_allowed(self, organizer: str) -> ReadinessCheckResponse:
        name = "organizerAllowed"
        if self._admission.allows(organizer):
            return passed(name, "The setting ALLOWED_ORGANIZERS allows the organizer.")
        detail = f"The setting ALLOWED_ORGANIZERS does not name {organizer}, in this spelling of the organizer."
        value = f"<its present value>,{organizer}"
        remedy = (
            f'The operator of this app runs: azd env set ALLOWED_ORGANIZERS "{value}" && azd provision. Where azd has '
            "not deployed the app: az functionapp config appsettings set --name <function app> --resource-group "
            f'<resource group> --settings "ALLOWED_ORGANIZERS={value}"; a later azd provision would undo this one.'
        )
        return failed(name, detail, remedy)

    async def _check_artifact(
        self, organizer: str, organizer_id: str | GraphError, artifact: Artifact
    ) -> ReadinessCheckResponse:
        name = artifact.value
        if not isinstance(organizer_id, str):
            return failed(name, "Not asked, because the object id is not known.", _AFTER_USER)
        error = await self._ask(organizer, self._graph.artifacts.require_access(organizer_id, _SURFACES[artifact]))
        if isinstance(error, GraphError):
            return failed_by(name, error)
        return passed(name, f"The app may read the {name} of the organizer's meetings.")

    def _check_policy(self, policy: bool | GraphError | None) -> ReadinessCheckResponse:  # noqa: FBT001 - an outcome, not a switch
        name = "applicationAccessPolicy"
        if not (cloud := self._admission.cloud).online_meetings:
            return passed(name, f"Not needed: Microsoft Graph has no onlineMeetings in {cloud.name}.")
        if policy is None:
            return failed(name, "Not asked, because the object id is not known.", _AFTER_USER)
        if isinstance(policy, GraphError):
            return failed_by(name, policy)
        return passed(name, "The app may use the organizer's online meetings.")


def _check_user(organizer: str, user: str | GraphError) -> ReadinessCheckResponse:
    name = "user"
    if isinstance(user, str):
        return passed(name, f"The object id is {user}.")
    if isinstance(user, RejectedError) and user.code == "applicationPermissionMissing" and is_object_id(organizer):
        detail = "The object id is given. The app may not look users up (User.ReadBasic.All), and need not here."
        return passed(name, detail)
    return failed_by(name, user)


def _check_mailbox(organizer: str, calendar: Providers | GraphError, *, user_found: bool) -> ReadinessCheckResponse:
    name = "mailbox"
    if isinstance(calendar, Providers):
        return passed(name, "The app may use the calendar.")
    if user_found and isinstance(calendar, RejectedError) and calendar.code == "organizerNotFound":
        no_mailbox = RejectedError(
            "organizerHasNoMailbox", "Graph finds no calendar.", remedies.no_mailbox(organizer), calendar.answer
        )
        return failed_by(name, no_mailbox)
    return failed_by(name, calendar)


def _check_provider(organizer: str, calendar: Providers | GraphError) -> ReadinessCheckResponse:
    name = "onlineMeetingProvider"
    if isinstance(calendar, GraphError):
        return failed(name, "Not known, because the calendar was not read.", _AFTER_MAILBOX)
    allowed = calendar.allowed_online_meeting_providers
    if allowed is None:
        detail = "The calendar does not name its allowed providers; each meeting is tried, and its link verified."
        return passed(name, detail)
    detail = f"The calendar allows: {', '.join(allowed) or 'no online meetings'}."
    if TEAMS in allowed:
        return passed(name, detail)
    return failed(name, detail, remedies.provider(organizer, TEAMS))


def _require_an_answer(outcomes: list[object]) -> None:
    unanswered = [each for each in outcomes if isinstance(each, TransientError)]
    if len(unanswered) == len(outcomes):
        raise max(unanswered, key=lambda error: error.delay or timedelta(0))
