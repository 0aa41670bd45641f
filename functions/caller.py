"""Who calls, where App Service authentication stands in front of the app and says so."""

import os

import azure.functions as func


def caller_of(req: func.HttpRequest) -> str:
    """Return the caller's object id, or an empty text where callers are not told apart.

    The header is trustworthy only behind App Service authentication, which sets it itself and removes a forged one:
    https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
    """
    if os.environ.get("WEBSITE_AUTH_ENABLED", "").casefold() != "true":
        return ""
    return req.headers.get("x-ms-client-principal-id", "")
