"""ASP.NET Core route templates."""

import pytest

from local.host.errors import FunctionError
from local.host.routes import parse_route


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("api/meetings", "api/meetings", {}),
        ("api/meetings", "API/Meetings", {}),
        ("api/meetings", "api/meetings/x", None),
        ("api/meetings/{id}", "api/meetings/a b", {"id": "a b"}),
        ("api/meetings/{id}", "api/meetings/", None),
        ("api/meetings/{id}", "api/meetings/a/b", None),
        ("api/meetings/{id?}", "api/meetings", {}),
        ("api/meetings/{id?}", "api/meetings/a", {"id": "a"}),
        ("api/{page=home}", "api", {"page": "home"}),
        ("api/{id:guid}", "api/0f8fad5b-d9cb-469f-a165-70867728950e", {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
        ("api/{id:guid}", "api/x", None),
        ("api/{n:int}", "api/12", {"n": "12"}),
        ("api/{n:int}", "api/x", None),
        ("api/{n:int:range(1,9)}", "api/10", None),
        ("api/{n:range(1,9)}", "api/9", {"n": "9"}),
        ("api/{n:min(3)}", "api/" + "9" * 9999, None),
        ("api/{n:length(2,3)?}", "api/a", None),
        ("api/{n:alpha}", "api/abc", {"n": "abc"}),
        ("api/{n:datetime}", "api/anything", {"n": "anything"}),
        ("api/{id}.ics", "api/a.b.ics", {"id": "a.b"}),
        ("api/{*rest}", "api/a/b/c", {"rest": "a/b/c"}),
        ("api/{*rest}", "api", {}),
        ("", "", {}),
    ],
)
def test_matching(template: str, path: str, values: dict[str, str] | None) -> None:
    """A path matches a template, or does not, and gives its parameters their values as text."""
    assert parse_route(template).match(path) == values


def test_precedence() -> None:
    """Literals come before mixed and constrained segments, those before parameters, those before the rest."""
    templates = ["a/{*rest}", "a/{id}", "a/{id:int}", "a/b"]
    assert sorted(templates, key=lambda template: parse_route(template).precedence) == templates[::-1]


@pytest.mark.parametrize("template", ["a/{id", "a/id}", "a/{}", "{a}/{A}", "{a:colour}"])
def test_malformed_templates(template: str) -> None:
    """A malformed template keeps its function from loading."""
    with pytest.raises(FunctionError, match="route"):
        parse_route(template)
