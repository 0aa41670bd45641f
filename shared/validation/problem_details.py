"""Problem details: https://www.rfc-editor.org/rfc/rfc9457."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict

from shared.errors import Fault
from shared.validation.response_model import ResponseModel, Uri, left_out


class ProblemDetail(ResponseModel, frozen=True):
    """One fault of a request, or one warning about it.

    Attributes:
        pointer: Where, as a JSON pointer (RFC 6901); empty for the document as a whole.
        code: A stable name to branch on, such as `unknownField`.
        message: What is wrong, for the person who corrects it.
    """

    pointer: str
    code: str
    message: str


class ProblemResponse(ResponseModel, frozen=True):
    """Problem details (RFC 9457). Some problems have further members.

    Attributes:
        type: Identifies the kind of problem.
        title: The kind of problem, in words.
        status: The HTTP status.
        detail: What is wrong this time, and what helps.
        instance: The path of the request.
        code: A stable name to branch on.
        errors: Every fault of a request that is not valid, or the first 100.
        more_faults: There are more faults than those in `errors`.
        remedy: Who has to do what about a refusal of Graph.
    """

    model_config = ConfigDict(extra="allow")

    type: Uri
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: tuple[ProblemDetail, ...] = left_out(())
    more_faults: bool = left_out(default=False)
    remedy: str | None = left_out()


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as callers see it, before it is an answer to one request.

    Attributes:
        retry_after: the seconds of the header Retry-After, None without it.
        accept_patch: the header Accept-Patch, None without it.
        members: the extension members of its type.
    """

    status: int
    code: str
    title: str
    detail: str
    faults: tuple[Fault, ...] = ()
    retry_after: int | None = None
    accept_patch: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def response(self, path: str) -> ProblemResponse:
        """Return the body of the answer to a request for this path."""
        return ProblemResponse(
            type=f"urn:convene:problem:{self.code}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            instance=path,
            code=self.code,
            errors=tuple(map(ProblemDetail.model_validate, self.faults)),
            **self.members,
        )
