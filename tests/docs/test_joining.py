"""The page on who may join: its requests are taken, and made as they stand."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from shared.meeting_request import find_warnings, parse_request
from shared.meeting_request.options import MeetingOptions
from tests.examples import NOW

PAGE = (Path(__file__).parents[2] / "docs" / "joining.md").read_text(encoding="utf-8")
REQUESTS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


def members(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize("text", REQUESTS)
def test_a_request_is_taken_without_a_warning(text: str) -> None:
    """As it stands on the page."""
    assert find_warnings(parse_request(json.loads(text)), NOW) == []


def test_there_are_requests() -> None:
    """One with a lobby, one without."""
    assert len(REQUESTS) == 2


def test_each_option_of_the_table_is_one() -> None:
    """By the name that the app takes."""
    table = PAGE.split("| question | member | values |")[1].split("\n\n")[0]
    named = {
        name.split(".")[0]
        for row in table.splitlines()
        for name in re.findall(r"`(\w+(?:\.\w+)?)`", row.split("|")[2] if row else "")
    }
    assert named - {"coorganizer"} <= members(MeetingOptions)
