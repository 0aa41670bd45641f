"""What an administrator's script still has to do: from what is there and what is wanted, the cmdlets that are missing.

    python3 plan.py appRoles | mailboxes | onlineMeetings  < {"wanted": ..., "present": ...}  > {"steps", "warnings"}

The scripts beside this file read the tenant and carry out the steps; every decision is here, so that it can be tested
without a tenant. What is in order gives no step: a second run does nothing. Needs Python 3.10 and nothing else.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]

CALENDAR_ROLE = "Application Calendars.ReadWrite"
DEFAULT_POLICY = "Global"


@dataclass(frozen=True)
class Step:
    """One cmdlet with its parameters, and why it is needed."""

    cmdlet: str
    parameters: Json
    why: str


@dataclass
class Plan:
    """What has to be done, in this order, and what an administrator ought to know."""

    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def do(self, cmdlet: str, why: str, **parameters: Any) -> None:
        """Add a step."""
        self.steps.append(Step(cmdlet, parameters, why))

    def warn(self, text: str) -> None:
        """Add a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)


def plan_app_roles(wanted: Json, present: Json) -> Plan:
    """Return which application permissions of Graph to grant.

    Args:
        wanted: `objectId` of the app's service principal; `roles`, by their names.
        present: `graph`, Graph's service principal with `id` and `appRoles` of `id` and `value`; `assignments` of the
            app, with `id`, `appRoleId` and `resourceId`.

    Raises:
        ValueError: Graph has no application permission of this name.
    """
    plan, graph = Plan(), present["graph"]
    ids = {role["value"]: role["id"] for role in graph["appRoles"]}
    names = {role["id"]: role["value"] for role in graph["appRoles"]}
    of_graph = [assigned for assigned in present["assignments"] if assigned["resourceId"] == graph["id"]]
    granted = {names.get(assigned["appRoleId"], assigned["appRoleId"]): assigned["id"] for assigned in of_graph}
    for role in wanted["roles"]:
        if role not in ids:
            raise ValueError(f"Graph has no application permission {role}")
        if role not in granted:
            plan.do(
                "New-MgServicePrincipalAppRoleAssignment",
                f"the app has not the permission {role}",
                ServicePrincipalId=wanted["objectId"],
                PrincipalId=wanted["objectId"],
                ResourceId=graph["id"],
                AppRoleId=ids[role],
            )
    for role in sorted(granted.keys() - set(wanted["roles"])):
        opens = " It opens every mailbox, whatever Exchange's scope says." if role.startswith("Calendars.") else ""
        plan.warn(
            f"The app has the permission {role}, which it was not to have.{opens} Take it away with: "
            f"Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {wanted['objectId']} "
            f"-AppRoleAssignmentId {granted[role]}"
        )
    return plan


def plan_mailboxes(wanted: Json, present: Json) -> Plan:
    """Return what lets the app into the organizers' calendars: Exchange's RBAC for Applications.

    Args:
        wanted: `clientId`, `objectId`, `name` of scope and assignment, and one of `organizers` (user principal names),
            `recipientFilter` (OPATH) and `administrativeUnit` (its id).
        present: `servicePrincipals` with `AppId`; `scopes` with `Name` and `RecipientFilter`; `assignments` of the app,
            with `Name`, `Role`, `CustomResourceScope` and `RecipientWriteScope`.
    """
    plan = Plan()
    if not any(_same(each["AppId"], wanted["clientId"]) for each in present["servicePrincipals"]):
        plan.do(
            "New-ServicePrincipal",
            "Exchange does not know the app",
            AppId=wanted["clientId"],
            ObjectId=wanted["objectId"],
            DisplayName=wanted["name"],
        )
    if wanted.get("administrativeUnit"):
        unit = wanted["administrativeUnit"]
        _plan_assignment(plan, wanted, present, f"{wanted['name']} {unit}", {"RecipientAdministrativeUnitScope": unit})
    else:
        _plan_scope(plan, wanted, present)
        _plan_assignment(plan, wanted, present, f"{wanted['name']} Calendars", {"CustomResourceScope": wanted["name"]})
    for each in present["assignments"]:
        everywhere = _same(each.get("RecipientWriteScope"), "Organization") and not each.get("CustomResourceScope")
        if _same(each["Role"], CALENDAR_ROLE) and everywhere:
            plan.warn(
                f"The assignment '{each['Name']}' opens every mailbox to the app. Take it away with: "
                f"Remove-ManagementRoleAssignment -Identity {_quoted(each['Name'])}"
            )
    return plan


def _plan_scope(plan: Plan, wanted: Json, present: Json) -> None:
    name = wanted["name"]
    scope = next((each for each in present["scopes"] if _same(each["Name"], name)), None)
    before = str(scope["RecipientFilter"] or "") if scope else ""
    if wanted.get("recipientFilter"):
        after = wanted["recipientFilter"]
        if scope and _canonical(before) != _canonical(after):
            plan.warn(f"The scope {name} is replaced. It was: {before}")
    else:  # organizers are added to those who are there: a run for one more must not lock out the others
        missing = [each for each in wanted["organizers"] if _canonical(_is_user(each)) not in _canonical(before)]
        after = " -or ".join(
            [*([f"({before})"] if before and missing else [before] * bool(before)), *map(_is_user, missing)]
        )
    if not scope:
        plan.do("New-ManagementScope", "there is no scope", Name=name, RecipientRestrictionFilter=after)
    elif _canonical(before) != _canonical(after):
        plan.do("Set-ManagementScope", "the scope is another", Identity=name, RecipientRestrictionFilter=after)


def _plan_assignment(plan: Plan, wanted: Json, present: Json, name: str, scope: Json) -> None:
    assigned = next((each for each in present["assignments"] if _same(each["Name"], name)), None)
    if assigned is None:
        plan.do(
            "New-ManagementRoleAssignment",
            "the app may not use calendars",
            Name=name,
            App=wanted["objectId"],
            Role=CALENDAR_ROLE,
            **scope,
        )
    elif "CustomResourceScope" in scope and not _same(
        assigned.get("CustomResourceScope"), scope["CustomResourceScope"]
    ):
        plan.do("Set-ManagementRoleAssignment", "the assignment has another scope", Identity=name, **scope)


def plan_online_meetings(wanted: Json, present: Json) -> Plan:
    """Return what lets the app use the organizers' online meetings: Teams' application access policies.

    A user has one policy at a time: their own, else a group's, else the tenant's default, which is called Global. So
    the app is added to the policy that somebody has; only who has none but the default gets a policy of their own, and
    that one covers every app that the default covers, so that no other app loses the user.

    Args:
        wanted: `clientId`, `policy` (the name for a new one), `users` (object ids), `groups` (object ids), `everybody`.
        present: `policies` with `Identity` and `AppIds`; `users` and `groups`, by object id the name of the policy that
            holds there, or null for the default.
    """
    policies = _Policies(wanted["clientId"], wanted["policy"], present["policies"])
    if wanted.get("everybody"):
        policies.open_to_everybody()
    for kind, target in (("groups", "Group"), ("users", "Identity")):
        for who in dict.fromkeys(wanted.get(kind) or ()):
            policies.open_to(who, target, present[kind].get(who))
    return policies.plan


class _Policies:
    """Teams' application access policies, as they will be once the steps so far are carried out."""

    def __init__(self, client: str, own: str, present: list[Json]) -> None:
        self.plan = Plan()
        self._client = client
        self._own = own
        self._apps: dict[str, list[str]] = {
            _name(each["Identity"]).casefold(): list(each["AppIds"] or ()) for each in present
        }
        self._default = self._apps.setdefault(DEFAULT_POLICY.casefold(), [])
        self._covers_everybody = self._lets_in(DEFAULT_POLICY, client)

    def open_to_everybody(self) -> None:
        """Have the tenant's default policy allow the app."""
        if self._covers_everybody:
            return
        if self._default:
            self._allow(DEFAULT_POLICY, self._client, "the tenant's default covers other apps only")
        else:
            self._make_own()
            self._grant("the tenant's default lets no app in", Global=True)
        self._covers_everybody = True

    def open_to(self, who: str, target: str, held: str | None) -> None:
        """Have the policy of a user (`target` Identity) or a group (Group) allow the app."""
        policy = _name(held or DEFAULT_POLICY)
        if not _same(policy, DEFAULT_POLICY):
            if self._allow(policy, self._client, f"{who} has this policy") and not _same(policy, self._own):
                self.plan.warn(f"Everybody who has the policy {policy} is opened to the app, not only {who}.")
        elif not self._covers_everybody:
            self._make_own()
            self._grant(
                "there is no policy but the default", **{target: who}, **({"Rank": 1} if target == "Group" else {})
            )

    def _make_own(self) -> None:
        ids = [self._client, *(app for app in self._default if not _same(app, self._client))]
        if self._own.casefold() not in self._apps:
            about = "Convene makes online meetings"
            why = "there is none of this name"
            self.plan.do("New-CsApplicationAccessPolicy", why, Identity=self._own, AppIds=ids, Description=about)
            self._apps[self._own.casefold()] = ids
        for app in ids:
            self._allow(self._own, app, "it covers the app, and every app that the tenant's default covers")

    def _allow(self, policy: str, app: str, why: str) -> bool:
        if self._lets_in(policy, app):
            return False
        self.plan.do("Set-CsApplicationAccessPolicy", why, Identity=policy, AppIds={"Add": app})
        self._apps[policy.casefold()].append(app)
        return True

    def _lets_in(self, policy: str, app: str) -> bool:
        return any(_same(app, each) for each in self._apps.setdefault(policy.casefold(), []))

    def _grant(self, why: str, **target: Any) -> None:
        self.plan.do("Grant-CsApplicationAccessPolicy", why, PolicyName=self._own, **target)


PLANS: dict[str, Callable[[Json, Json], Plan]] = {
    "appRoles": plan_app_roles,
    "mailboxes": plan_mailboxes,
    "onlineMeetings": plan_online_meetings,
}


def _same(one: Any, other: Any) -> bool:
    """Return whether two names or ids are the same for Microsoft 365, which does not mind case."""
    return str(one or "").casefold() == str(other or "").casefold()


def _name(policy: str) -> str:
    """Return a policy's name as the cmdlets take it: they give it back as `Tag:name`."""
    return policy.rpartition(":")[2] if policy.casefold().startswith("tag:") else policy


def _is_user(organizer: str) -> str:
    """Return the filter that holds for one mailbox; shared/graph/remedies.py writes it the same."""
    name = "UserPrincipalName" if "@" in organizer else "ExternalDirectoryObjectId"
    return f"{name} -eq {_quoted(organizer)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _canonical(recipient_filter: str) -> str:
    """Return a filter without what Exchange adds when it keeps one: parentheses, spaces, another case."""
    return "".join(recipient_filter.replace("(", "").replace(")", "").split()).casefold()


def main() -> int:
    """Read the state from standard input, write the plan to standard output."""
    state = json.load(sys.stdin)
    plan = PLANS[sys.argv[1]](state["wanted"], state["present"])
    json.dump({"steps": [asdict(step) for step in plan.steps], "warnings": plan.warnings}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
