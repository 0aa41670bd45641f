"""Who calls, where App Service authentication stands in front of the app and says so."""

import azure.functions as func

from shared.access.callers import Caller
from shared.bootstrap import app


def caller_of(req: func.HttpRequest) -> Caller:
    """Return who calls, with what they may ask for.

    The header is trustworthy only behind App Service authentication, which sets it itself and removes a forged one:
    https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities

    Raises:
        CallerNotAllowedError: the settings do not let them call.
    """
    return app().callers.identify(req.headers.get("x-ms-client-principal-id", "").strip())
