"""docs/data-protection.md: its periods are the settings', and its stores are all there are."""

import json
import re
from pathlib import Path

import pytest
import typer.main

from shared.cli.__main__ import commands
from shared.settings import read_settings
from tests.infra.test_templates import resources

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/data-protection.md").read_text(encoding="utf-8")
PARAMETERS = {
    name: each["value"]
    for name, each in json.loads((ROOT / "infra/main.parameters.json").read_text())["parameters"].items()
}


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_store_of_the_deployment_is_named() -> None:
    """Each table and each queue that the templates create, and the log."""
    tables = {each["name"] for each in resources("Microsoft.Storage/storageAccounts/tableServices/tables")}
    queues = {PARAMETERS["requestQueue"], f"{PARAMETERS['requestQueue']}-poison", PARAMETERS["resultQueue"]}
    assert len(resources("Microsoft.Storage/storageAccounts/queueServices/queues")) == len(queues)
    named = set(re.findall(r"^\| (?:table|queue) `([\w-]+)`", section("What is stored"), re.MULTILINE))
    assert named == tables | queues
    assert "| Application Insights, Log Analytics | **no name, address" in PAGE


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("RETENTION", "retention"), ("RESULT_TIME_TO_LIVE", "resultTimeToLive"), ("GIVE_UP_AFTER", "giveUpAfter")],
)
def test_the_periods_are_the_defaults(name: str, parameter: str) -> None:
    """Of the code and of the templates alike."""
    value = PARAMETERS[parameter]
    assert f"| `{name}` | `{value}` |" in section("The defaults in one table")
    unset = read_settings({"MeetingStorage": "UseDevelopmentStorage=true"})
    assert unset == read_settings({"MeetingStorage": "UseDevelopmentStorage=true", name: value})


def test_the_days_in_the_table_are_the_settings() -> None:
    """90 days of meetings, 7 of results and of poison, 30 of the log."""
    unset = read_settings({"MeetingStorage": "UseDevelopmentStorage=true"})
    assert f"after its end, **{unset.retention.days} days**" in PAGE
    assert f"at most `RESULT_TIME_TO_LIVE`, **{unset.result_time_to_live.days} days**" in PAGE
    assert f"| **{PARAMETERS['logRetentionDays']} days** | `logRetentionDays` |" in PAGE


def test_its_commands_are_there() -> None:
    """Each `convene ...` of the page, with its options."""
    known = typer.main.get_group(commands).commands
    used = re.findall(r"^ *convene (\w+) (.*)$", PAGE, re.MULTILINE)
    assert {name for name, _ in used} == {"export", "forget"}
    for name, rest in used:
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options


def test_links_within_the_project_lead_somewhere() -> None:
    """Files, and the headings in them."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGE):
        path, _, heading = target.partition("#")
        file = (ROOT / "docs" / path) if path else ROOT / "docs/data-protection.md"
        assert file.exists(), target
        headings = {
            re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
            for line in file.read_text(encoding="utf-8").splitlines()
            if line.startswith("#")
        }
        assert not heading or heading in headings, target
