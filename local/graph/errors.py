"""Graph's errors, and the envelope of their answers.

    GraphError          everything that Graph answers with an `error` object
    ConnectionDropError the connection ends without an answer

https://learn.microsoft.com/graph/errors
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

JsonObject = dict[str, Any]


class GraphError(Exception):
    """Graph refuses: the status, the code and the message of its answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        inner_code: str = "",
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.members = dict(members or {})
        self.headers = dict(headers or {})
        self.inner_code = inner_code


class ConnectionDropError(ConnectionResetError):
    """The server closes the connection instead of answering."""


def error_envelope(error: GraphError, request_id: str, client_request_id: str, now: datetime) -> JsonObject:
    """Return the body of an error."""
    inner = {
        **({"code": error.inner_code} if error.inner_code else {}),
        "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_request_id,
    }
    return {"error": {"code": error.code, "message": error.message, **error.members, "innerError": inner}}


def unauthenticated() -> GraphError:
    """Return the refusal of a request without a token."""
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        "Access token is empty.",
        headers={"WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common"'},
    )


def no_such_segment(segment: str) -> GraphError:
    """Return the refusal of a path that the service does not know."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def method_not_allowed() -> GraphError:
    """Return the refusal of a method that a resource does not have."""
    return GraphError(405, "BadRequest", "The request is not valid for this resource.")


def no_such_user(name: str) -> GraphError:
    """Return the directory's answer for an unknown user."""
    message = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", message)


def invalid_user(name: str) -> GraphError:
    """Return Exchange's answer for an unknown user."""
    return GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")


def privileges_missing() -> GraphError:
    """Return the answer for an application permission that the app lacks."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def no_mailbox() -> GraphError:
    """Return Exchange's answer for a user without an Exchange Online mailbox."""
    message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    return GraphError(404, "MailboxNotEnabledForRESTAPI", message)


def access_denied() -> GraphError:
    """Return Exchange's answer for a mailbox outside the app's scope."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def item_not_found() -> GraphError:
    """Return Exchange's answer for an id that is not in the mailbox."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def validation_failure(reason: str = "") -> GraphError:
    """Return Exchange's answer for properties that contradict each other."""
    message = "At least one property failed validation."
    return GraphError(400, "ErrorPropertyValidationFailure", f"{message} {reason}".rstrip())


def invalid_request(message: str) -> GraphError:
    """Return Exchange's general refusal."""
    return GraphError(400, "ErrorInvalidRequest", message)


def bad_request(message: str) -> GraphError:
    """Return the general refusal of Graph's own front end, and of Teams."""
    return GraphError(400, "BadRequest", message)


def not_updatable() -> GraphError:
    """Return Teams' answer to a change of a read-only property, as it is since May 2026.

    https://github.com/microsoftgraph/msgraph-sdk-java/issues/2589
    """
    message = "One or more properties do not support updating. Please refer to Microsoft Graph documentation for more "
    return GraphError(400, "InvalidArgument", f"{message}information.")


def zone_not_supported(name: str) -> GraphError:
    """Return Exchange's answer for a time zone that it does not know."""
    message = f"The following TimeZone value is not supported: '{name}'."
    return GraphError(400, "TimeZoneNotSupportedException", message)
