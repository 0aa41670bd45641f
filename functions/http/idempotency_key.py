"""The header Idempotency-Key: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/."""

from collections.abc import Callable

import azure.functions as func

from shared.errors import Fault, InvalidRequestError
from shared.ids import KEY_RULE, is_key


def idempotency_key_of(req: func.HttpRequest, check_body: Callable[[], object]) -> str | None:
    """Return the key, None if there is none.

    Raises:
        InvalidRequestError: the key is none, told together with what `check_body` finds wrong.
    """
    key = req.headers.get("idempotency-key")
    if key is None or is_key(key):
        return key
    faults = [Fault("/headers/Idempotency-Key", "invalidKey", KEY_RULE)]
    try:
        check_body()
    except InvalidRequestError as error:
        raise InvalidRequestError([*faults, *error.faults], more_faults=error.more_faults) from error
    raise InvalidRequestError(faults)
