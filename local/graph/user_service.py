"""Requests for users of the directory."""

import re
from typing import Final

from local.graph.errors import JsonObject, bad_request, privileges_missing
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.records import User
from local.graph.tenant import Tenant
from local.graph.views import selected, user_view

_CONTEXT: Final = "https://graph.microsoft.com/v1.0/$metadata#users"
_FURTHER: Final = frozenset({"accountEnabled", "userType", "assignedLicenses"})
_FILTER: Final = re.compile(r"(id|userPrincipalName) in \((\s*'(?:[^']|'')*'(?:\s*,\s*'(?:[^']|'')*')*\s*)\)")
_VALUE: Final = re.compile(r"'((?:[^']|'')*)'")
_MOST_IN_LIST: Final = 15


def answer_user(tenant: Tenant, name: str, request: GraphRequest) -> GraphAnswer:
    """Answer GET of one user."""
    _require_permission(tenant)
    view, names = _view(tenant.directory_user(name), request)
    return GraphAnswer(200, {"@odata.context": f"{_CONTEXT}{names}/$entity", **view})


def find_users(tenant: Tenant, request: GraphRequest) -> GraphAnswer:
    """Answer GET of the users whom a filter names, the only supported list.

    https://learn.microsoft.com/graph/filter-query-parameter
    """
    _require_permission(tenant)
    found = _FILTER.fullmatch(request.query().get("$filter", ""))
    if found is None:
        raise bad_request("Invalid filter clause.")
    wanted = [value.replace("''", "'").casefold() for value in _VALUE.findall(found[2])]
    if len(wanted) > _MOST_IN_LIST:
        raise bad_request(f"Too many child clauses specified in search filter expression, at most {_MOST_IN_LIST}.")
    by_id = found[1] == "id"
    users = [user for user in tenant.users if (user.id if by_id else user.user_principal_name).casefold() in wanted]
    views = [_view(user, request)[0] for user in users]
    return GraphAnswer(200, {"@odata.context": _CONTEXT + _view_names(request), "value": views})


def _require_permission(tenant: Tenant) -> None:
    if not tenant.settings.read_basic_suffices:
        raise privileges_missing()


def _view(user: User, request: GraphRequest) -> tuple[JsonObject, str]:
    view = user_view(user)
    names = request.query().get("$select")
    if not names:
        return view, ""
    wanted = names.split(",")
    view = selected(view, wanted, view.keys() | _FURTHER, "user")
    if "id" not in wanted:
        del view["id"]
    return view, _view_names(request)


def _view_names(request: GraphRequest) -> str:
    names = request.query().get("$select")
    return f"({names})" if names else ""
