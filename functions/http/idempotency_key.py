"""The header Idempotency-Key: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/."""

from collections.abc import Callable

import azure.functions as func

from shared.errors import raise_with_faults_of
from shared.validation.idempotency_keys import key_fault


def idempotency_key_of(req: func.HttpRequest, check_body: Callable[[], object]) -> str | None:
    """Return the key, None if there is none.

    Raises:
        InvalidRequestError: the key is malformed; reported together with what `check_body` finds.
    """
    key = req.headers.get("idempotency-key")
    fault = None if key is None else key_fault("/headers/Idempotency-Key", key)
    if fault is not None:
        raise_with_faults_of(check_body, [fault])
    return key
