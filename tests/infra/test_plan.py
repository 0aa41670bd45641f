"""The permission scripts' decisions, carried out on a simulated tenant: what was missing comes, nothing is lost."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.permissions.plan import CALENDAR_ROLE, Plan, plan_app_roles, plan_mailboxes, plan_online_meetings

CLIENT, OBJECT = "11111111-aaaa-4000-8000-000000000001", "22222222-aaaa-4000-8000-000000000002"
GRAPH = {
    "id": "graph",
    "appRoles": [
        {"id": "role-meetings", "value": "OnlineMeetings.ReadWrite.All"},
        {"id": "role-users", "value": "User.ReadBasic.All"},
        {"id": "role-calendars", "value": "Calendars.ReadWrite"},
    ],
}
ROLES = ["OnlineMeetings.ReadWrite.All", "User.ReadBasic.All"]


class TestAppRoles:
    def plan(self, assignments: list[dict[str, str]]) -> Plan:
        return plan_app_roles({"objectId": OBJECT, "roles": ROLES}, {"graph": GRAPH, "assignments": assignments})

    def test_what_is_missing_is_granted_once(self) -> None:
        """Both permissions on the first run, and none on the second."""
        first = self.plan([])
        assert [step.parameters["AppRoleId"] for step in first.steps] == ["role-meetings", "role-users"]
        there = [{"id": "a", "appRoleId": step.parameters["AppRoleId"], "resourceId": "graph"} for step in first.steps]
        assert self.plan(there) == Plan()

    def test_a_permission_of_another_api_is_not_graphs(self) -> None:
        """The same role id on another resource counts for nothing."""
        assert len(self.plan([{"id": "a", "appRoleId": "role-users", "resourceId": "exchange"}]).steps) == 2

    def test_a_calendar_permission_of_the_tenant_is_told(self) -> None:
        """Calendars.ReadWrite in Entra opens every mailbox, so the administrator gets the command that removes it."""
        [warning] = self.plan([{"id": "a-1", "appRoleId": "role-calendars", "resourceId": "graph"}]).warnings
        assert "opens every mailbox" in warning
        assert "-AppRoleAssignmentId a-1" in warning

    def test_an_unknown_permission_is_an_error(self) -> None:
        """A national cloud's Graph may lack one; nothing is granted half."""
        with pytest.raises(ValueError, match="Nonsense"):
            plan_app_roles({"objectId": OBJECT, "roles": ["Nonsense"]}, {"graph": GRAPH, "assignments": []})


@dataclass
class Exchange:
    """The part of Exchange Online that the cmdlets change; a filter comes back with parentheses around it."""

    principals: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    scopes: dict[str, str] = field(default_factory=dict[str, str])
    assignments: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def present(self) -> dict[str, Any]:
        return {
            "servicePrincipals": self.principals,
            "scopes": [{"Name": name, "RecipientFilter": f"({text})"} for name, text in self.scopes.items()],
            "assignments": list(self.assignments.values()),
        }

    def carry_out(self, plan: Plan) -> None:
        for step in plan.steps:
            given_ = step.parameters
            match step.cmdlet:
                case "New-ServicePrincipal":
                    self.principals.append({"AppId": given_["AppId"].upper()})
                case "New-ManagementScope":
                    assert given_["Name"] not in self.scopes
                    self.scopes[given_["Name"]] = given_["RecipientRestrictionFilter"]
                case "Set-ManagementScope":
                    assert given_["Identity"] in self.scopes
                    self.scopes[given_["Identity"]] = given_["RecipientRestrictionFilter"]
                case "New-ManagementRoleAssignment":
                    assert given_["Name"] not in self.assignments
                    assert given_["App"] == OBJECT
                    assert self.principals
                    assert len(given_["Name"]) <= 64
                    scope = given_.get("CustomResourceScope", "")
                    assert not scope or scope in self.scopes
                    self.assignments[given_["Name"]] = {
                        "Name": given_["Name"],
                        "Role": given_["Role"],
                        "CustomResourceScope": scope,
                        "RecipientWriteScope": "CustomRecipientScope" if scope else "AdministrativeUnit",
                    }
                case "Set-ManagementRoleAssignment":
                    self.assignments[given_["Identity"]]["CustomResourceScope"] = given_["CustomResourceScope"]
                case _:
                    raise AssertionError(step.cmdlet)


class TestMailboxes:
    def run(self, exchange: Exchange, **wanted: Any) -> Plan:
        plan = plan_mailboxes({"clientId": CLIENT, "objectId": OBJECT, "name": "Convene", **wanted}, exchange.present())
        exchange.carry_out(plan)
        return plan

    @pytest.mark.parametrize(
        "wanted",
        [
            {"organizers": ["alex@contoso.com", "o'hara@contoso.com"]},
            {"recipientFilter": "Department -eq 'Clinic'"},
            {"administrativeUnit": "4d819ce9-9257-44d0-a6c4-000000000000"},
        ],
    )
    def test_a_second_run_does_nothing(self, wanted: dict[str, Any]) -> None:
        """Everything is there after the first run, whichever way the organizers are named."""
        exchange = Exchange()
        assert self.run(exchange, **wanted).steps
        assert self.run(exchange, **wanted) == Plan()
        [assignment] = exchange.assignments.values()
        assert assignment["Role"] == CALENDAR_ROLE

    def test_organizers_are_added_to_those_of_earlier_runs(self) -> None:
        """Who asks for one more organizer locks out nobody."""
        exchange = Exchange()
        self.run(exchange, organizers=["alex@contoso.com"])
        plan = self.run(exchange, organizers=["adele@contoso.com", "ALEX@contoso.com"])
        assert [step.cmdlet for step in plan.steps] == ["Set-ManagementScope"]
        assert exchange.scopes["Convene"].endswith("-or UserPrincipalName -eq 'adele@contoso.com'")
        assert exchange.scopes["Convene"].casefold().count("alex@contoso.com") == 1

    def test_a_name_within_another_is_no_organizer_yet(self) -> None:
        """That `alex@contoso.com` is let in says nothing of `lex@contoso.com`."""
        exchange = Exchange()
        self.run(exchange, organizers=["alex@contoso.com"])
        assert self.run(exchange, organizers=["lex@contoso.com"]).steps

    def test_a_filter_replaces_the_scope_and_says_so(self) -> None:
        """Somebody's filter is taken as it is; the old one is told, to be put back."""
        exchange = Exchange()
        self.run(exchange, organizers=["alex@contoso.com"])
        plan = self.run(exchange, recipientFilter="Department -eq 'Clinic'")
        assert exchange.scopes["Convene"] == "Department -eq 'Clinic'"
        assert "alex@contoso.com" in plan.warnings[0]

    def test_an_assignment_over_everything_is_told(self) -> None:
        """An assignment of the calendar role without a scope defeats ours."""
        exchange = Exchange()
        exchange.assignments["Old"] = {
            "Name": "Old", "Role": CALENDAR_ROLE, "CustomResourceScope": "", "RecipientWriteScope": "Organization",
        }  # fmt: skip
        [warning] = self.run(exchange, organizers=["alex@contoso.com"]).warnings
        assert "Remove-ManagementRoleAssignment -Identity 'Old'" in warning


@dataclass
class Teams:
    """The policies of a tenant, who has which, and whom each user lets in at last."""

    policies: dict[str, list[str]]
    users: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    groups: dict[str, str | None] = field(default_factory=dict[str, "str | None"])

    def present(self) -> dict[str, Any]:
        named = [
            {"Identity": name if name == "Global" else f"Tag:{name}", "AppIds": ids}
            for name, ids in self.policies.items()
        ]
        return {"policies": named, "users": self.users, "groups": self.groups}

    def lets_in(self, holder: str) -> set[str]:
        policy = self.users.get(holder) or self.groups.get(holder) or "Global"
        return set(self.policies[policy])

    def carry_out(self, plan: Plan) -> None:
        for step in plan.steps:
            given_ = step.parameters
            match step.cmdlet:
                case "New-CsApplicationAccessPolicy":
                    assert given_["Identity"] not in self.policies
                    self.policies[given_["Identity"]] = list(given_["AppIds"])
                case "Set-CsApplicationAccessPolicy":
                    self.policies[given_["Identity"]].append(given_["AppIds"]["Add"])
                case "Grant-CsApplicationAccessPolicy":
                    assert given_["PolicyName"] in self.policies
                    if given_.get("Global"):  # the default's values become those of the policy
                        self.policies["Global"] = list(self.policies[given_["PolicyName"]])
                    elif "Group" in given_:
                        self.groups[given_["Group"]] = given_["PolicyName"]
                    else:
                        self.users[given_["Identity"]] = given_["PolicyName"]
                case _:
                    raise AssertionError(step.cmdlet)


APPS = st.lists(st.sampled_from([CLIENT, "other-1", "other-2"]), unique=True)
POLICIES = st.fixed_dictionaries({"Global": APPS}, optional={"Convene": APPS, "Booking": APPS})


@st.composite
def tenants(draw: st.DrawFn) -> Teams:
    policies = draw(POLICIES)
    held = st.sampled_from([None, *(name for name in policies if name != "Global")])
    return Teams(
        policies,
        {who: draw(held) for who in ("user-1", "user-2", "user-3")},
        {who: draw(held) for who in ("group-1", "group-2")},
    )


class TestOnlineMeetings:
    def run(self, teams: Teams, users: list[str], groups: list[str], *, everybody: bool) -> Plan:
        wanted = {"clientId": CLIENT, "policy": "Convene", "users": users, "groups": groups, "everybody": everybody}
        plan = plan_online_meetings(wanted, teams.present())
        teams.carry_out(plan)
        return plan

    @given(
        tenants(),
        st.lists(st.sampled_from(["user-1", "user-2"])),
        st.lists(st.sampled_from(["group-1", "group-2"])),
        st.booleans(),
    )
    def test_who_was_named_is_open_and_nobody_loses_an_app(
        self,
        teams: Teams,
        users: list[str],
        groups: list[str],
        everybody: bool,  # noqa: FBT001 - drawn by hypothesis
    ) -> None:
        """Whatever policies there are: the app is let in, every other app still is, and a second run does nothing."""
        holders = [*teams.users, *teams.groups]
        before = {who: teams.lets_in(who) for who in holders}
        self.run(teams, users, groups, everybody=everybody)
        assert all(CLIENT in teams.lets_in(who) for who in [*users, *groups])
        assert all(before[who] <= teams.lets_in(who) for who in holders)
        if everybody:
            assert CLIENT in teams.policies["Global"]
        assert self.run(teams, users, groups, everybody=everybody) == Plan()

    def test_nobody_else_is_opened_where_nobody_has_a_policy(self) -> None:
        """A user without a policy gets one of their own; the default stays as it is."""
        teams = Teams({"Global": ["other-1"]}, {"user-1": None, "user-2": None})
        self.run(teams, ["user-1"], [], everybody=False)
        assert teams.lets_in("user-1") == {CLIENT, "other-1"}
        assert teams.lets_in("user-2") == {"other-1"}

    def test_a_policy_that_others_have_is_extended_with_a_warning(self) -> None:
        """One policy per user: the app joins it, and the administrator is told who else is opened by that."""
        teams = Teams({"Global": [], "Booking": ["other-1"]}, {"user-1": "Booking"})
        plan = self.run(teams, ["user-1"], [], everybody=False)
        assert [(step.cmdlet, step.parameters) for step in plan.steps] == [
            ("Set-CsApplicationAccessPolicy", {"Identity": "Booking", "AppIds": {"Add": CLIENT}})
        ]
        assert "Booking" in plan.warnings[0]

    def test_a_group_is_ranked(self) -> None:
        """Grant-CsApplicationAccessPolicy takes a rank with a group."""
        plan = self.run(Teams({"Global": []}, {}, {"group-1": None}), [], ["group-1"], everybody=False)
        assert plan.steps[-1].parameters == {"PolicyName": "Convene", "Group": "group-1", "Rank": 1}
