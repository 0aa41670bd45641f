"""Convene: online meetings in Microsoft 365 for other systems. This file is the table of contents of the app."""

from functions.importing import without_garbage_collection

with without_garbage_collection():
    import azure.functions as func

    from functions import (
        add_attendee,
        cancel_meeting,
        create_meeting,
        create_meetings,
        create_schedule,
        delete_schedule,
        find_meetings,
        find_schedules,
        patch_meeting,
        read_docs,
        read_health,
        read_invitation,
        read_meeting,
        read_openapi,
        read_readiness,
        read_schedule,
        read_swagger,
        record_crashes,
        remove_attendee,
        replace_schedule,
        retry_meeting,
        run_schedules,
        run_upkeep,
        take_message,
        validate_meeting,
    )

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

app.register_functions(create_meeting.blueprint)  # POST /meetings
app.register_functions(create_meetings.blueprint)  # POST /meetings/batch
app.register_functions(validate_meeting.blueprint)  # POST /meetings/validate
app.register_functions(read_meeting.blueprint)  # GET  /meetings/{id}
app.register_functions(patch_meeting.blueprint)  # PATCH /meetings/{id}
app.register_functions(cancel_meeting.blueprint)  # DELETE /meetings/{id}
app.register_functions(retry_meeting.blueprint)  # POST /meetings/{id}/retry
app.register_functions(add_attendee.blueprint)  # POST /meetings/{id}/attendees
app.register_functions(remove_attendee.blueprint)  # DELETE /meetings/{id}/attendees/{address}
app.register_functions(find_meetings.blueprint)  # GET  /meetings
app.register_functions(read_invitation.blueprint)  # GET  /meetings/{id}/invitation.ics
app.register_functions(read_readiness.blueprint)  # GET  /organizers/{organizer}/readiness
app.register_functions(create_schedule.blueprint)  # POST /schedules
app.register_functions(find_schedules.blueprint)  # GET  /schedules
app.register_functions(read_schedule.blueprint)  # GET  /schedules/{id}
app.register_functions(replace_schedule.blueprint)  # PUT  /schedules/{id}
app.register_functions(delete_schedule.blueprint)  # DELETE /schedules/{id}
app.register_functions(read_health.blueprint)  # GET  /health
app.register_functions(read_openapi.blueprint)  # GET  /openapi.json
app.register_functions(read_swagger.blueprint)  # GET  /swagger.json
app.register_functions(read_docs.blueprint)  # GET  /docs
app.register_functions(take_message.blueprint)  # the request queue
app.register_functions(record_crashes.blueprint)  # timer, for its poison queue
app.register_functions(run_upkeep.blueprint)  # timer
app.register_functions(run_schedules.blueprint)  # timer
