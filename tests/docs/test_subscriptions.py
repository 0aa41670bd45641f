"""The sample of event subscriptions: it fits the app's topic, loses nothing, and gives nobody more than is needed."""

from typing import Any

from shared.meeting import Status
from shared.meeting.notice import EventType
from tests.infra.test_templates import INFRA, ROOT, body, parse

SAMPLE = parse(ROOT / "docs" / "recipes" / "webhook" / "subscriptions.bicep")
RESOURCES = {name: body(each) for name, each in SAMPLE["resources"].items()}
SUBSCRIPTIONS = {name: each["properties"] for name, each in RESOURCES.items() if each.get("parent") == "topic"}
ROLES = {name: each for name, each in RESOURCES.items() if "roleDefinitionId" in each.get("properties", {})}


def dotted(value: Any) -> str:
    """Return `a.b.c` of an expression that reads a property."""
    match value:
        case {"operator": {"operands": {"operand_1": owner, "operand_2": name}}}:
            return f"{dotted(owner)}.{dotted(name)}"
        case _:
            return str(value)


def test_it_subscribes_to_every_event_of_the_app() -> None:
    """A type that is missing here would never arrive."""
    ends = {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}
    assert set(SAMPLE["variables"]["eventTypes"]["value"]) == {f"meeting.{end}" for end in ends} | set(EventType)
    for each in SUBSCRIPTIONS.values():
        assert each["filter"]["includedEventTypes"] == "eventTypes"


def test_it_delivers_cloud_events_of_the_apps_topic() -> None:
    """In the schema of the topic, whose own identity delivers, because it takes no key."""
    topic = body(parse(INFRA / "app" / "topic.bicep")["resources"]["topic"])
    assert topic["identity"]["type"] == "SystemAssigned"
    assert {each["eventDeliverySchema"] for each in SUBSCRIPTIONS.values()} == {topic["properties"]["inputSchema"]}
    [delivery] = [each["deliveryWithResourceIdentity"] for each in SUBSCRIPTIONS.values() if "destination" not in each]
    assert delivery["identity"]["type"] == "SystemAssigned"
    assert dotted(delivery["destination"]["properties"]["queueName"]) == "queue.name"


def test_what_nobody_takes_is_kept() -> None:
    """Without dead letters Event Grid drops what a receiver refuses."""
    assert len(SUBSCRIPTIONS) == 2
    for each in SUBSCRIPTIONS.values():
        letters = each["deadLetterWithResourceIdentity"]
        assert letters["identity"]["type"] == "SystemAssigned"
        assert dotted(letters["deadLetterDestination"]["properties"]["blobContainerName"]) == "deadLetters.name"
    assert RESOURCES["deadLetters"]["properties"]["publicAccess"] == "None"


def test_the_secret_is_secret() -> None:
    """As a parameter of the deployment, and as a header of the subscription; it is in no address."""
    decorators = {each["type"] for each in SAMPLE["parameters"]["webhookSecret"]["decorators"]}
    assert "secure" in decorators
    destination = SUBSCRIPTIONS["webhook"]["destination"]["properties"]
    [header] = destination["deliveryAttributeMappings"]
    assert (header["name"], header["properties"]["isSecret"]) == ("Authorization", True)
    assert destination["endpointUrl"] == "webhookUrl"


def test_each_role_is_on_one_queue_or_container() -> None:
    """The topic writes dead letters and messages, and nothing else of the account."""
    assert {each["scope"] for each in ROLES.values()} == {"deadLetters", "queue"}
    assert {dotted(each["properties"]["principalId"]) for each in ROLES.values()} == {"topic.identity.principalId"}
    assert {name for each in SUBSCRIPTIONS for name in RESOURCES[each]["dependsOn"]} == set(ROLES)


def test_it_is_written_as_the_app_s_templates_are() -> None:
    """Every parameter is described, and each kind of resource has the version that it has there."""

    def versions(template: dict[str, Any]) -> dict[str, str]:
        return {each["type"]: each["api_version"] for each in template["resources"].values()}

    for name, parameter in SAMPLE["parameters"].items():
        assert any(decorator["type"] == "description" for decorator in parameter["decorators"]), name
    ours: dict[str, str] = {}
    for name in ("topic", "storage", "roles"):
        ours |= versions(parse(INFRA / "app" / f"{name}.bicep"))
    equal = {kind for kind, _ in versions(SAMPLE).items() & ours.items()}
    assert equal == versions(SAMPLE).keys() - {"Microsoft.EventGrid/topics/eventSubscriptions"}
