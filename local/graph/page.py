"""The page that shows a person what is in the tenant."""

import functools
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from local.graph.records import Mailbox
from local.graph.tenant import Tenant

_REQUESTS_SHOWN: Final = 100
_MAIL_SHOWN: Final = 100
_TEMPLATES: Final = Path(__file__).parent / "templates"


def page_endpoint(tenant: Tenant) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of the page."""
    template = _template()

    async def show(_: Request) -> Response:
        return HTMLResponse(
            template.render(
                tenant=tenant,
                mailboxes=[mailbox for mailbox in tenant.mailboxes.values() if mailbox.events],
                meetings=list(reversed(tenant.meetings.values())),
                mail=tenant.sent_mail[: -_MAIL_SHOWN - 1 : -1],
                requests=list(islice(reversed(tenant.requests), _REQUESTS_SHOWN)),
                ailments=_ailments(tenant),
                newest_first=_newest_first,
            )
        )

    return show


@functools.cache
def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("tenant.html")


def _newest_first(mailbox: Mailbox) -> list[object]:
    return list(reversed(mailbox.events.values()))


def _ailments(tenant: Tenant) -> dict[str, list[str]]:
    """Return for every user what will not work."""
    result: dict[str, list[str]] = {}
    for user in tenant.users:
        facts = (
            (not user.has_mailbox, "no mailbox"),
            (not user.in_scope, "mailbox out of scope"),
            (not user.application_access_policy, "no access policy"),
            (not user.licensed, "no licence"),
            ("teamsForBusiness" not in user.allowed_online_meeting_providers, "Teams not allowed"),
        )
        result[user.id] = [text for holds, text in facts if holds]
    return result
