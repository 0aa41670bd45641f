"""Pages for people: each is one file with its own script and style, a client of the API and nothing more.

page       a page, and the policy under which a browser runs its own scripts and no others
docs       the API documentation
console    what an operator does: counts, failures, search, one meeting, schedules
"""
