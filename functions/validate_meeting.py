"""POST /meetings/validate: would this be accepted."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, json_response, read_json
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("validate_meeting")
@blueprint.route("meetings/validate", methods=["POST"])
@answers_problems
async def validate_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Check a meeting request as POST /meetings does, store nothing, and tell what is odd about it."""
    warnings = app().acceptance.check(read_json(req), caller_of(req))
    return json_response({"valid": True, "warnings": [warning.as_json() for warning in warnings]})
