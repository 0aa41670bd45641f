"""What the app does, one module or package for each use case.

Where the work continues after a death of the worker or its host:

provision       an attempt: its claim expires, and the next one resumes from the record (claiming, reconcile)
upkeep          a meeting that nobody works on, a result that was not sent
record_crashes  a message that has killed its worker: alone, and at last as `crashed` (isolated_retry, isolation)
run_schedules   the occurrences after the schedule's cursor
watch           the looks and searches for reports that are due
"""
