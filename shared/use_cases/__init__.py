"""What the app does, one module or package for each use case.

Each class that bootstrap builds has the module of its name, and `App` has it under that name: a trigger's
`app().changes` is the class `Changes` of changes.py.

acceptance, batch, admission, quotas           a request becomes a meeting
message_handler, inline_provisioner            the same from the queue, and while the caller waits
provision                                      create, change or cancel a meeting in Graph
changes, refused_changes                       change (PATCH), cancel (DELETE) or retry a meeting
forgetting, backup                             delete the record of a meeting; export and import all records
finder, external_meetings, ownership           find a meeting, also one in Graph that this app did not create
summaries, invitation, artifacts               what a caller reads about meetings
online_meeting_lookup, meeting_occurrences     a meeting's ids and times, for these and the watch
availability, rooms, readiness                 what a caller reads before a request
schedules, schedule_run                        schedules, and the timer that creates their meetings
watch                                          the timer that looks in Graph for what people change
upkeep, queue_upkeep                           the timer that wakes meetings, sends results and deletes old records
crash_recorder, isolated_retry, isolation, poisoned_messages
                                               the timer of the poison queue: what kills a worker runs alone
health, first_tenant                           whether the services answer, and what a new tenant answers
for_each                                       work on many items at once

Where the work continues after a death of the worker or its host:

provision       an attempt: its claim expires, and the next one resumes from the record (claiming, reconciler)
upkeep          a meeting that nobody works on, a result that was not sent
crash_recorder  a message that has killed its worker: alone, and at last as `crashed` (isolated_retry, isolation)
schedule_run    the occurrences after the schedule's cursor
watch           the looks and searches for reports that are due
"""
