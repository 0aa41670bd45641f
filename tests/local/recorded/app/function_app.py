"""The app that the real Functions host ran while its exchanges were recorded: most functions answer what they saw."""

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
LATIN_1 = "latin-1"  # one character a byte


def saw(name: str, request: func.HttpRequest) -> func.HttpResponse:
    """Answer what a function saw of its request."""
    body = request.get_body()
    seen = {
        "fn": name,
        "method": request.method,
        "url": request.url,
        "params": dict(request.params),
        "route": dict(request.route_params),
        "headers": dict(request.headers),
        "body": body[:300].decode(LATIN_1),
        "len": len(body),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="meetings", methods=["POST"])
def create_meeting(req: func.HttpRequest) -> func.HttpResponse:
    return saw("create_meeting", req)


@app.route(route="meetings", methods=["GET"])
def find_meetings(req: func.HttpRequest) -> func.HttpResponse:
    return saw("find_meetings", req)


@app.route(route="meetings/batch", methods=["POST"])
def create_meetings(req: func.HttpRequest) -> func.HttpResponse:
    return saw("create_meetings", req)


@app.route(route="meetings/validate", methods=["POST"])
def validate_meeting(req: func.HttpRequest) -> func.HttpResponse:
    return saw("validate_meeting", req)


@app.route(route="meetings/{id}", methods=["GET"])
def read_meeting(req: func.HttpRequest) -> func.HttpResponse:
    return saw("read_meeting", req)


@app.route(route="meetings/{id}", methods=["PATCH"])
def patch_meeting(req: func.HttpRequest) -> func.HttpResponse:
    return saw("patch_meeting", req)


@app.route(route="meetings/{id}", methods=["DELETE"])
def cancel_meeting(req: func.HttpRequest) -> func.HttpResponse:
    return saw("cancel_meeting", req)


@app.route(route="meetings/{id}/retry", methods=["POST"])
def retry_meeting(req: func.HttpRequest) -> func.HttpResponse:
    return saw("retry_meeting", req)


@app.route(route="meetings/{id}/attendees", methods=["POST"])
def add_attendee(req: func.HttpRequest) -> func.HttpResponse:
    return saw("add_attendee", req)


@app.route(route="meetings/{id}/attendees/{address}", methods=["DELETE"])
def remove_attendee(req: func.HttpRequest) -> func.HttpResponse:
    return saw("remove_attendee", req)


@app.route(route="meetings/{id}/invitation.ics", methods=["GET"])
def read_invitation(req: func.HttpRequest) -> func.HttpResponse:
    return saw("read_invitation", req)


@app.route(route="organizers/{organizer}/readiness", methods=["GET"])
def read_readiness(req: func.HttpRequest) -> func.HttpResponse:
    return saw("read_readiness", req)


@app.route(route="schedules", methods=["POST"])
def create_schedule(req: func.HttpRequest) -> func.HttpResponse:
    return saw("create_schedule", req)


@app.route(route="schedules", methods=["GET"])
def find_schedules(req: func.HttpRequest) -> func.HttpResponse:
    return saw("find_schedules", req)


@app.route(route="schedules/{id}", methods=["GET"])
def read_schedule(req: func.HttpRequest) -> func.HttpResponse:
    return saw("read_schedule", req)


@app.route(route="schedules/{id}", methods=["PUT"])
def replace_schedule(req: func.HttpRequest) -> func.HttpResponse:
    return saw("replace_schedule", req)


@app.route(route="schedules/{id}", methods=["DELETE"])
def delete_schedule(req: func.HttpRequest) -> func.HttpResponse:
    return saw("delete_schedule", req)


@app.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def read_health(req: func.HttpRequest) -> func.HttpResponse:
    return saw("read_health", req)


@app.route(route="openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def read_openapi(req: func.HttpRequest) -> func.HttpResponse:
    return saw("read_openapi", req)


@app.route(route="docs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def read_docs(req: func.HttpRequest) -> func.HttpResponse:
    return saw("read_docs", req)


@app.route(route="any", auth_level=func.AuthLevel.ANONYMOUS)
def any_method(req: func.HttpRequest) -> func.HttpResponse:
    return saw("any_method", req)


ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


@app.route(route="anon/{x}", methods=ALL_METHODS, auth_level=func.AuthLevel.ANONYMOUS)
def anon_any(req: func.HttpRequest) -> func.HttpResponse:
    return saw("anon_any", req)


@app.route(route="anonget/{x}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def anon_get(req: func.HttpRequest) -> func.HttpResponse:
    return saw("anon_get", req)


@app.route(route="num/{n:int}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def constrained(req: func.HttpRequest) -> func.HttpResponse:
    return saw("constrained", req)


@app.route(route="opt/{n?}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def optional(req: func.HttpRequest) -> func.HttpResponse:
    return saw("optional", req)


@app.route(route="rest/{*path}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def rest(req: func.HttpRequest) -> func.HttpResponse:
    return saw("rest", req)


@app.route(route="trivial", auth_level=func.AuthLevel.ANONYMOUS)
def trivial(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding names it
    return func.HttpResponse("ok")


@app.route(route="raises", auth_level=func.AuthLevel.ANONYMOUS)
def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError(req.method)


@app.route(route="returns_none", auth_level=func.AuthLevel.ANONYMOUS)
def returns_none(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    return None  # pyright: ignore[reportReturnType] - as apps may


@app.route(route="returns_text", auth_level=func.AuthLevel.ANONYMOUS)
def returns_text(req: func.HttpRequest) -> str:  # noqa: ARG001
    return "just text é"


@app.route(route="status/{code}", auth_level=func.AuthLevel.ANONYMOUS)
def status(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.params.get("body", "body"), status_code=int(req.route_params["code"]))


@app.route(route="heads", auth_level=func.AuthLevel.ANONYMOUS)
def heads(req: func.HttpRequest) -> func.HttpResponse:
    headers = {
        "ETag": '"7"',
        "Retry-After": "3",
        "Location": "http://app.example:7071/api/meetings/x",
        "Content-Length": "3",
        "Date": "Tue, 01 Jan 2019 00:00:00 GMT",
        "Server": "mine",
        "Link": "<a>; rel=next",
        "Allow": "GET",
        "Preference-Applied": "wait=3",
        "Idempotency-Replayed": "true",
        "Vary": "Accept",
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="a.ics"',
        "X-Content-Type-Options": "nosniff",
        "Accept-Patch": "application/merge-patch+json",
        "Content-Type": "application/problem+json",
        "Content-Security-Policy": "default-src 'none'",
        "Last-Modified": "Tue, 01 Jan 2019 00:00:00 GMT",
        "Content-Language": "de",
        "X-Uni": "ä",
    }
    dropped = req.params.get("drop", "").split(",")
    kept = {name: value for name, value in headers.items() if name not in dropped}
    if "te" in req.params:
        kept["Transfer-Encoding"] = "chunked"
    return func.HttpResponse("0123456789", headers=kept)


@app.route(route="bigout/{n}", auth_level=func.AuthLevel.ANONYMOUS)
def bigout(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("x" * int(req.route_params["n"]))
