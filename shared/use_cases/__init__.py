"""What the app does, one module or package for each use case.

Each class that bootstrap builds has the module of its name, and `App` has it under that name: a trigger's
`app().changes` is the class `Changes` of changes.py.

Where the work continues after a death of the worker or its host:

provision       an attempt: its claim expires, and the next one resumes from the record (claiming, reconciler)
upkeep          a meeting that nobody works on, a result that was not sent
crash_recorder  a message that has killed its worker: alone, and at last as `crashed` (isolated_retry, isolation)
schedule_run    the occurrences after the schedule's cursor
watch           the looks and searches for reports that are due
"""
