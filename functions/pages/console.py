"""The console: a page for operators that calls the API, and holds no data itself."""

from functools import cache

from functions.pages.page import Page, make_page, read_asset

# In the order in which the page's one script has them.
SCRIPTS = (
    "dom.js",
    "text.js",
    "client.js",
    "dialogs.js",
    "polling.js",
    "overview.js",
    "search.js",
    "attendance.js",
    "meeting.js",
    "schedules.js",
    "create.js",
    "availability.js",
    "app.js",
)


@cache
def console_page() -> Page:
    """Return the page."""
    return make_page(
        read_asset("console", "index.html"),
        {"console.js": "\n".join(read_asset("console", name) for name in SCRIPTS)},
        {"console.css": read_asset("console", "console.css")},
        # Nothing on the page can become markup or a script, whatever somebody wrote into a meeting.
        require_trusted_types_for="'script'",
        trusted_types="'none'",
    )
