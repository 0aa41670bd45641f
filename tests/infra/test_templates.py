"""The Bicep files: they fit together, they set what the app reads, and they open nothing that should stay shut."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from pycep import BicepParser

from shared import bootstrap
from shared.settings import GraphCredential, StorageAccount, read_settings

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
FILES = sorted(INFRA.rglob("*.bicep"))

# The platform's own settings: https://learn.microsoft.com/azure/azure-functions/functions-app-settings
PLATFORM = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
}
# What the app reads and a deployment by these templates does not set, with the reason.
NOT_IN_AZURE = {
    "MeetingStorage",  # a connection string holds a key, and the account takes none
    "RESULT_TOPIC_KEY",  # the topic takes no key
    "AZURE_CLIENT_CERTIFICATE_PATH",  # Flex Consumption puts no certificate into a file
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",  # is Kubernetes'
    "WEBSITE_AUTH_ENABLED",  # App Service sets these two
    "WEBSITE_HOSTNAME",
}


@cache
def parse(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", BicepParser().parse(text=path.read_text()))


MAIN = parse(INFRA / "main.bicep")


def body(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource's or a module's object, without the condition or the loop around it."""
    config = resource["config"]
    return config["config"] if isinstance(config.get("config"), dict) else config


def resources(kind: str) -> list[dict[str, Any]]:
    return [
        body(resource)
        for path in FILES
        for resource in parse(path)["resources"].values()
        if resource["type"] == kind and not resource["existing"]
    ]


def names_in(value: Any) -> Iterator[str]:
    """Yield the names of every setting in an expression: keys in the form of environment variables."""
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            if re.fullmatch(r"[A-Z][A-Z0-9_]+|(AzureWebJobs|Meeting)Storage\w*", name):
                yield name
            yield from names_in(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from names_in(inner)


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, **given: str) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def settings_of_the_app() -> set[str]:
    names: set[str] = set()
    for credential in GraphCredential:
        environ = Asked(
            GRAPH_CREDENTIAL=credential,
            GRAPH_BASE_URL="http://127.0.0.1:1/v1.0" if credential is GraphCredential.NONE else "",
            MeetingStorage__queueServiceUri="https://x.queue.core.windows.net",
            MeetingStorage__tableServiceUri="https://x.table.core.windows.net",
            AZURE_TENANT_ID="x",
            AZURE_CLIENT_ID="x",
            AZURE_CLIENT_SECRET="x",
            AZURE_CLIENT_CERTIFICATE_PATH=__file__,
            AZURE_FEDERATED_TOKEN_FILE=__file__,
        )
        read_settings(environ)
        names |= environ.names
    return names


def test_bicep_sets_what_the_app_reads_and_nothing_else() -> None:
    """Each setting of the app has its place in the template, and each setting there has a reader."""
    [site] = [each for each in resources("Microsoft.Web/sites/config") if each["name"] == "appsettings"]
    in_bicep = {*names_in(site), *names_in(MAIN["variables"]), *names_in(body(MAIN["modules"]["app"]))}
    assert in_bicep - PLATFORM == settings_of_the_app() - NOT_IN_AZURE
    assert in_bicep >= PLATFORM


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_parameter_and_output_is_described(path: Path) -> None:
    """The portal and `azd` show the description to whoever fills a parameter in."""
    template = parse(path)
    for name, each in {**template.get("parameters", {}), **template.get("outputs", {})}.items():
        assert any(decorator["type"] == "description" for decorator in each["decorators"]), name


@pytest.mark.parametrize("module", MAIN["modules"])
def test_a_module_gets_exactly_the_parameters_that_it_declares(module: str) -> None:
    """What the compiler would say, without the compiler: nothing unknown, nothing missing, and outputs that exist."""
    called = MAIN["modules"][module]
    declared = parse(INFRA / called["detail"]["path"])
    assert set(body(called)["params"]) == set(declared["parameters"])
    used = set(re.findall(rf"\b{module}!?\.outputs\.(\w+)", (INFRA / "main.bicep").read_text()))
    assert used <= set(declared.get("outputs", {}))


def test_the_parameter_file_names_every_parameter() -> None:
    """Each can be set without editing Bicep, and the README's table explains each."""
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    assert set(given) == set(MAIN["parameters"])
    readme = (INFRA / "README.md").read_text()
    assert set(re.findall(r"^\| `(\w+)`", readme, re.MULTILINE)) >= set(given)


def test_the_parameter_files_values_are_the_defaults() -> None:
    """The file changes nothing by itself: what it gives is what Bicep would have taken."""
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    for name, parameter in MAIN["parameters"].items():
        value = given[name]["value"]
        if isinstance(value, str) and (variable := re.fullmatch(r"\$\{\w+(?:=(.*))?\}", value)):
            value = variable[1] or ""
        if parameter["default"] is not None:
            wanted = parameter["default"]
            assert value == (str(wanted).lower() if isinstance(wanted, bool) else wanted), name


def test_storage_takes_no_key_and_shows_nothing() -> None:
    """No account key, no public blob, nothing older than TLS 1.2."""
    [account] = resources("Microsoft.Storage/storageAccounts")
    assert account["properties"]["allowSharedKeyAccess"] is False
    assert account["properties"]["allowBlobPublicAccess"] is False
    assert account["properties"]["minimumTlsVersion"] == "TLS1_2"


def test_telemetry_takes_no_key() -> None:
    """Application Insights and its workspace accept tokens alone."""
    [component] = resources("Microsoft.Insights/components")
    [workspace] = resources("Microsoft.OperationalInsights/workspaces")
    assert component["properties"]["DisableLocalAuth"] is True
    assert workspace["properties"]["features"]["disableLocalAuth"] is True


class Asking:
    """A table service and a queue service of which it is remembered what the app asked them for."""

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.queues: set[str] = set()

    def get_table_client(self, name: str) -> Any:
        self.tables.add(name)

    def get_queue_client(self, name: str) -> Any:
        self.queues.add(name)


async def test_the_queues_and_tables_of_the_app_are_made_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Just those that it uses, and the poison queue of its trigger: the roles let nobody make another later."""
    asked = Asking()

    def services(_account: StorageAccount) -> tuple[Asking, Asking]:
        return asked, asked

    monkeypatch.setattr(bootstrap, "storage_services", services)
    settings = {"MeetingStorage": "UseDevelopmentStorage=true", "REQUEST_QUEUE": "asked", "RESULT_QUEUE": "results"}
    bootstrap._build(read_settings(settings))
    queues = [str(each["name"]) for each in resources("Microsoft.Storage/storageAccounts/queueServices/queues")]
    names = {"requestQueue": "asked", "${requestQueue}-poison": "asked-poison"}
    assert {names.get(name, "results") for name in queues} == asked.queues
    assert len(queues) == len(asked.queues) == 3
    tables = {each["name"] for each in resources("Microsoft.Storage/storageAccounts/tableServices/tables")}
    assert tables == asked.tables


def test_the_app_has_a_role_on_each_of_its_queues_and_tables() -> None:
    """What is made without a role is of no use to it."""
    ours = ("storageAccounts/queueServices/queues", "storageAccounts/tableServices/tables")
    storage = parse(INFRA / "app" / "storage.bicep")["resources"]
    made = {name for name, each in storage.items() if each["type"].endswith(ours)}
    assert len(made) == 6
    assigned = resources("Microsoft.Authorization/roleAssignments")
    assert made <= {each["scope"] for each in assigned if each["properties"]["principalId"] == "principalId"}


def test_only_host_storage_has_a_role_on_the_whole_account() -> None:
    """Queues and tables are given one by one, so that a role opens no other."""
    scopes = [each["scope"] for each in resources("Microsoft.Authorization/roleAssignments")]
    assert scopes.count("account") == 1
    assert not {"resourceGroup", "subscription", "queues", "tables"} & set(scopes)


def test_the_custom_roles_allow_what_is_needed_and_no_more() -> None:
    """One takes messages and changes their visibility, the other creates a missing queue; nothing deletes a queue."""
    allowed = {
        role["properties"]["roleName"].partition(" $")[0]: sorted(
            action.rpartition("queueServices/")[2]
            for permissions in role["properties"]["permissions"]
            for key in ("actions", "dataActions")
            for action in permissions[key]
        )
        for role in resources("Microsoft.Authorization/roleDefinitions")
    }
    assert allowed == {
        "Convene Queue Trigger": [
            "queues/messages/process/action",
            "queues/messages/read",
            "queues/messages/write",
            "queues/read",
        ],
        "Convene Queue Keeper": ["queues/read", "queues/write"],
    }


def test_the_upkeep_may_create_each_queue_and_look_at_it() -> None:
    """Queue by queue, as narrowly as Azure lets it: no role to create queues is given on the account."""
    assigned = {
        name: body(each)
        for name, each in parse(INFRA / "app/roles.bicep")["resources"].items()
        if each["type"] == "Microsoft.Authorization/roleAssignments"
    }
    keepers = {each["scope"] for name, each in assigned.items() if name.startswith("keeps") and name.endswith("Queue")}
    assert keepers == {"requests", "poison", "results"}
    assert assigned["seesResults"]["scope"] == "results"


def test_health_alone_is_open_behind_app_service_authentication() -> None:
    """A caller without a token reaches nothing else."""
    [settings] = [each for each in resources("Microsoft.Web/sites/config") if each["name"] == "authsettingsV2"]
    rules = settings["properties"]["globalValidation"]
    assert rules["requireAuthentication"] is True
    assert rules["excludedPaths"] == ["/api/health"]


def test_the_site_sets_nothing_that_flex_consumption_refuses() -> None:
    """https://learn.microsoft.com/azure/azure-functions/functions-app-settings lists what the plan has no use for."""
    [site] = resources("Microsoft.Web/sites")
    refused = {"ftpsState", "alwaysOn", "linuxFxVersion", "use32BitWorkerProcess", "preWarmedInstanceCount"}
    assert refused.isdisjoint(site["properties"]["siteConfig"])
    [settings] = [each for each in resources("Microsoft.Web/sites/config") if each["name"] == "appsettings"]
    deprecated = {"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"}
    assert deprecated.isdisjoint(set(names_in(settings)))


def test_the_children_of_the_site_are_written_one_after_the_other() -> None:
    """Writes to one site at the same time may be refused with 409: a chain of dependencies, with each child once."""
    template = parse(INFRA / "app" / "function.bicep")["resources"]
    children = {name: body(each) for name, each in template.items() if body(each).get("parent") == "app"}
    after = {name: each.get("dependsOn", []) for name, each in children.items()}
    assert sorted(map(len, after.values())) == [0, *[1] * (len(children) - 1)]
    assert sorted(name for names in after.values() for name in names) == sorted(set(children) - {"authentication"})


def test_the_sampler_is_off() -> None:
    """Every line of the log is exported: alerts count them."""
    [settings] = [each for each in resources("Microsoft.Web/sites/config") if each["name"] == "appsettings"]
    assert "OTEL_TRACES_SAMPLER: 'microsoft.fixed_percentage'" in (INFRA / "app/function.bicep").read_text()
    assert "OTEL_TRACES_SAMPLER_ARG: '1'" in (INFRA / "app/function.bicep").read_text()
    assert {"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"} <= set(names_in(settings))


def test_rules_can_be_made_before_there_is_a_log() -> None:
    """A new workspace may not know the tables yet, and a rule whose query is tried would stop the first `azd up`."""
    for rule in resources("Microsoft.Insights/scheduledQueryRules"):
        assert rule["properties"]["skipQueryValidation"] is True


def test_resources_of_one_kind_have_one_version() -> None:
    """And none is of before 2024, but those whose newest version is older."""
    newest = {"Microsoft.Authorization", "Microsoft.Consumption", "Microsoft.Insights"}
    versions: dict[str, set[str]] = {}
    for path in FILES:
        for each in parse(path)["resources"].values():
            versions.setdefault(each["type"], set()).add(each["api_version"])
    assert all(len(each) == 1 for each in versions.values()), versions
    old = {kind for kind, each in versions.items() if min(each) < "2024"}
    assert {kind.partition("/")[0] for kind in old} <= newest


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_template_is_formatted(path: Path) -> None:
    """As `bicep format` leaves it, as far as that can be seen: no line of code is longer than bicepconfig.json says."""
    width = json.loads((INFRA / "bicepconfig.json").read_text())["formatting"]["width"]
    for number, line in enumerate(path.read_text().splitlines(), 1):
        cannot_be_broken = re.match(r"\s*(//|@description\(|\w+: '[^']*'$)", line)
        assert len(line) <= width or cannot_be_broken, f"{path.name}:{number}"
        assert "\t" not in line
        assert line == line.rstrip()


def test_the_linter_looks_at_what_matters() -> None:
    """bicepconfig.json: recent API versions, nothing unused, no secret in an output."""
    rules = json.loads((INFRA / "bicepconfig.json").read_text())["analyzers"]["core"]["rules"]
    errors = {name for name, rule in rules.items() if rule["level"] == "error"}
    assert errors >= {"no-unused-params", "no-unused-vars", "outputs-should-not-contain-secrets"}
    assert rules["use-recent-api-versions"]["level"] == "warning"


def test_the_workbooks_time_range_can_be_chosen() -> None:
    """The portal offers the durations that the parameter names, and each query has one to start with."""
    workbook = (INFRA / "app/workbook.bicep").read_text()
    assert "typeSettings: { selectableValues: map(durations" in workbook
    assert workbook.count("timeContextFromParameter: 'TimeRange'") == workbook.count("timeContext: { durationMs: day }")


def rules() -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in parse(INFRA / "app/alerts.bicep")["variables"]["rules"]["value"]}


def minutes(duration: str) -> int:
    [(number, unit)] = re.findall(r"^PT(\d+)([MH])$", duration)
    return int(number) * (60 if unit == "H" else 1)


def test_silence_is_an_alert() -> None:
    """A dead app writes no line: the rule fires below one heartbeat, in a window of three runs of the upkeep."""
    heartbeat = rules()["heartbeat"]
    assert (heartbeat["operator"], heartbeat["threshold"], heartbeat["severity"]) == ("LessThan", 1, 0)
    window = MAIN["parameters"]["heartbeatWindow"]["default"]
    assert MAIN["parameters"]["upkeepSchedule"]["default"] == "0 */5 * * * *"
    assert minutes(window) >= 3 * 5


def test_every_rule_looks_back_at_least_as_far_as_its_period() -> None:
    """No line falls between two evaluations."""
    for rule in rules().values():
        window = rule["window"] if rule["window"].startswith("PT") else MAIN["parameters"][rule["window"]]["default"]
        assert minutes(window) >= minutes(rule["every"]), rule["name"]
        assert rule["operator"] in {"LessThan", "GreaterThan"}


def test_the_app_is_asked_from_outside() -> None:
    """At /api/health, which needs no key and no token, from more places than the rule needs to believe them."""
    [test] = resources("Microsoft.Insights/webtests")
    assert (test["kind"], test["properties"]["Kind"]) == ("standard", "standard")
    assert test["properties"]["ValidationRules"]["ExpectedHttpStatusCode"] == 200
    assert "url: 'https://${app.outputs.hostName}/api/health'" in (INFRA / "main.bicep").read_text()
    [rule] = resources("Microsoft.Insights/metricAlerts")
    needed = rule["properties"]["criteria"]["failedLocationCount"]
    assert 1 < needed < len(MAIN["parameters"]["availabilityPlaces"]["default"])
    assert rule["properties"]["severity"] == 0


def test_what_watches_cost_is_a_parameter() -> None:
    """A budget that calls, and a daily limit of the log; neither without being asked for."""
    for name in ("monthlyBudget", "logDailyCapGB"):
        assert MAIN["parameters"][name]["default"] == 0
    [budget] = resources("Microsoft.Consumption/budgets")
    kinds = {each["thresholdType"] for each in budget["properties"]["notifications"].values()}
    assert kinds == {"Actual", "Forecasted"}
    assert "dailyQuotaGb: dailyCapGB > 0 ? dailyCapGB : -1" in (INFRA / "app/monitoring.bicep").read_text()


def test_every_alert_calls_the_action_group() -> None:
    """Rules on the log, the availability test and the budget alike."""
    for name in ("alerts", "availability", "budget"):
        assert body(MAIN["modules"][name])["params"]["actionGroupId"] == "actionGroupId"
        assert "empty(actionGroupId) ? []" in (INFRA / f"app/{name}.bicep").read_text()
