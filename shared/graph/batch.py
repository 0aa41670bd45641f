"""Several calls to Graph as one request: https://learn.microsoft.com/graph/json-batching."""

from collections.abc import Mapping, Sequence
from typing import Any

from kiota_abstractions.api_error import APIError
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.o_data_errors.main_error import MainError
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from shared.graph.resources import GraphResource, Lenient

MOST_IN_BATCH = 20


class BatchResponse(GraphResource):
    """What Graph answers to one call of a batch."""

    id: str
    status: int
    headers: Lenient[dict[str, Any]] = None
    body: Any = None

    @property
    def error(self) -> APIError:
        """Return the exception that the SDK raises for the same answer to a call on its own."""
        headers = {name.lower(): str(value) for name, value in (self.headers or {}).items()}
        given = self.body.get("error") if isinstance(self.body, dict) else None
        if not isinstance(given, dict):
            return APIError("", self.status, headers)
        code, message = (text if isinstance(text := given.get(name), str) else None for name in ("code", "message"))
        error = ODataError()
        error.error = MainError(code=code, message=message)
        error.response_status_code, error.response_headers = self.status, headers
        return error


def batch_body(requests: Sequence[RequestInformation], root: str) -> dict[str, Any]:
    """Return the body of a batch of reads; `root` is Graph's, which their URLs begin with."""
    return {"requests": [_read(str(place), request, root) for place, request in enumerate(requests)]}


def responses_in(answer: Mapping[str, Any], number: int) -> list[BatchResponse | None]:
    """Return the responses to a batch's calls in their order, None for each that is missing or cannot be read."""
    given = answer.get("responses")
    found: dict[str, BatchResponse] = {}
    for each in given if isinstance(given, list) else ():
        try:
            response = BatchResponse.model_validate(each)
        except ValueError:
            continue
        found[response.id] = response
    return [found.get(str(place)) for place in range(number)]


def _read(place: str, request: RequestInformation, root: str) -> dict[str, Any]:
    headers = {name: ", ".join(sorted(values)) for name, values in request.headers.get_all().items()}
    return {"id": place, "method": "GET", "url": request.url.removeprefix(root), "headers": headers}
