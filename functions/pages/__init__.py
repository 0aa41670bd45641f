"""Pages for people: each is one HTML file with its script and style, and only a client of the API.

page       a page, and the policy under which a browser runs its own scripts and no others
docs       the API documentation
console    what an operator does: counts, failures, search, one meeting, schedules
"""
