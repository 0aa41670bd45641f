"""The caller of a request, as App Service authentication identifies it."""

import azure.functions as func

from shared.access.callers import Caller, caller_digest
from shared.bootstrap import app
from shared.errors import SettingsError

_ENTRA = "aad"


def caller_of(req: func.HttpRequest) -> Caller:
    """Return the caller, with its rights.

    The header is trustworthy only behind App Service authentication, which sets it itself and removes a forged one:
    https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities

    Raises:
        CallerNotAllowedError: the settings do not allow the caller.
    """
    return app().callers.identify(_principal(req))


def digest_of(req: func.HttpRequest) -> str:
    """Return what the log shows for the caller, even one that the settings do not allow; `-` if unknown."""
    try:
        authenticated = app().callers.authenticated
    except SettingsError:
        authenticated = False
    return caller_digest(_principal(req)) if authenticated else "-"


def _principal(req: func.HttpRequest) -> str:
    """Return the principal's id; an id of another identity provider than Entra has the provider's name before it.

    Providers issue ids independently: an id that equals an object id of Entra is another person's.
    """
    principal = req.headers.get("x-ms-client-principal-id", "").strip()
    provider = req.headers.get("x-ms-client-principal-idp", _ENTRA).strip().lower()
    return principal if provider == _ENTRA or not principal else f"{provider}:{principal}"
