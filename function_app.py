"""Convene: online meetings in Microsoft 365 for other systems. This file is the table of contents of the app."""

from functions.startup import without_garbage_collection

with without_garbage_collection():
    import azure.functions as func

    from functions import (
        add_attendee,
        cancel_meeting,
        create_meeting,
        create_schedule,
        delete_schedule,
        find_availability,
        forget_meeting,
        get_attendance,
        get_console,
        get_deep_health,
        get_docs,
        get_health,
        get_history,
        get_invitation,
        get_meeting,
        get_openapi,
        get_readiness,
        get_schedule,
        get_summary,
        get_swagger,
        get_transcript,
        list_meetings,
        list_recordings,
        list_rooms,
        list_schedules,
        list_transcripts,
        record_crashes,
        refresh_meeting,
        remove_attendee,
        replace_schedule,
        retry_meeting,
        run_schedules,
        run_upkeep,
        run_watch,
        submit_meetings,
        take_message,
        update_meeting,
        update_schedule,
        validate_meeting,
    )
    from functions.http.routes import register
    from shared.settings import read_environment

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

register(app, create_meeting.blueprint)  # POST /meetings
register(app, submit_meetings.blueprint)  # POST /meetings/batch
register(app, validate_meeting.blueprint)  # POST /meetings/validate
register(app, get_meeting.blueprint)  # GET  /meetings/{id}
register(app, update_meeting.blueprint)  # PATCH /meetings/{id}
register(app, cancel_meeting.blueprint)  # DELETE /meetings/{id}
register(app, retry_meeting.blueprint)  # POST /meetings/{id}/retry
register(app, get_history.blueprint)  # GET  /meetings/{id}/history
register(app, refresh_meeting.blueprint)  # POST /meetings/{id}/refresh
register(app, forget_meeting.blueprint)  # POST /meetings/{id}/forget
register(app, add_attendee.blueprint)  # POST /meetings/{id}/attendees
register(app, remove_attendee.blueprint)  # DELETE /meetings/{id}/attendees/{address}
register(app, list_meetings.blueprint)  # GET  /meetings
register(app, get_summary.blueprint)  # GET  /summary
register(app, get_invitation.blueprint)  # GET  /meetings/{id}/invitation.ics
register(app, get_attendance.blueprint)  # GET  /meetings/{id}/attendance
register(app, list_transcripts.blueprint)  # GET  /meetings/{id}/transcripts
register(app, get_transcript.blueprint)  # GET  /meetings/{id}/transcripts/{transcriptId}
register(app, list_recordings.blueprint)  # GET  /meetings/{id}/recordings
register(app, get_readiness.blueprint)  # GET  /organizers/{organizer}/readiness
register(app, find_availability.blueprint)  # POST /availability
register(app, list_rooms.blueprint)  # GET  /rooms
register(app, create_schedule.blueprint)  # POST /schedules
register(app, list_schedules.blueprint)  # GET  /schedules
register(app, get_schedule.blueprint)  # GET  /schedules/{id}
register(app, replace_schedule.blueprint)  # PUT  /schedules/{id}
register(app, update_schedule.blueprint)  # PATCH /schedules/{id}
register(app, delete_schedule.blueprint)  # DELETE /schedules/{id}
register(app, get_health.blueprint)  # GET  /health
register(app, get_deep_health.blueprint)  # GET  /health/deep
register(app, get_openapi.blueprint)  # GET  /openapi.json
register(app, get_swagger.blueprint)  # GET  /swagger.json
register(app, get_docs.blueprint)  # GET  /docs
register(app, get_console.blueprint)  # GET  /console
register(app, take_message.blueprint)  # the request queue
register(app, record_crashes.blueprint)  # timer: retries poison messages alone
register(app, run_upkeep.blueprint)  # timer: wakes stalled meetings, sends unsent results, applies RETENTION
register(app, run_schedules.blueprint)  # timer: creates the meetings of due occurrences
register(app, run_watch.blueprint)  # timer: reads meetings in Graph, publishes what changed


def check_settings() -> None:
    """Read the settings as the first request does, for hosts that would rather not start than answer 503.

    Raises:
        SettingsError: with every missing or malformed setting by name.
    """
    read_environment()
