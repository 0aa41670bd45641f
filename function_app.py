"""Convene: online meetings in Microsoft 365 for other systems. This file is the table of contents of the app."""

from functions.startup import without_garbage_collection

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
    from functions.http.routes import register

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

register(app, create_meeting.blueprint)  # POST /meetings
register(app, create_meetings.blueprint)  # POST /meetings/batch
register(app, validate_meeting.blueprint)  # POST /meetings/validate
register(app, read_meeting.blueprint)  # GET  /meetings/{id}
register(app, patch_meeting.blueprint)  # PATCH /meetings/{id}
register(app, cancel_meeting.blueprint)  # DELETE /meetings/{id}
register(app, retry_meeting.blueprint)  # POST /meetings/{id}/retry
register(app, add_attendee.blueprint)  # POST /meetings/{id}/attendees
register(app, remove_attendee.blueprint)  # DELETE /meetings/{id}/attendees/{address}
register(app, find_meetings.blueprint)  # GET  /meetings
register(app, read_invitation.blueprint)  # GET  /meetings/{id}/invitation.ics
register(app, read_readiness.blueprint)  # GET  /organizers/{organizer}/readiness
register(app, create_schedule.blueprint)  # POST /schedules
register(app, find_schedules.blueprint)  # GET  /schedules
register(app, read_schedule.blueprint)  # GET  /schedules/{id}
register(app, replace_schedule.blueprint)  # PUT  /schedules/{id}
register(app, delete_schedule.blueprint)  # DELETE /schedules/{id}
register(app, read_health.blueprint)  # GET  /health
register(app, read_openapi.blueprint)  # GET  /openapi.json
register(app, read_swagger.blueprint)  # GET  /swagger.json
register(app, read_docs.blueprint)  # GET  /docs
register(app, take_message.blueprint)  # the request queue
register(app, record_crashes.blueprint)  # timer, for its poison queue
register(app, run_upkeep.blueprint)  # timer
register(app, run_schedules.blueprint)  # timer
