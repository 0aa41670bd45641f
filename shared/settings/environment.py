"""Reads the settings from the environment, the only place that does, and checks them as a whole.

Nothing is read while modules are imported: a function app whose import fails loads no function at all.
"""

import os
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from shared.access.callers import Callers, parse_callers
from shared.access.organizers import organizer_entry
from shared.errors import SettingsError
from shared.settings.artifacts import artifacts
from shared.settings.clouds import CLOUDS, GLOBAL
from shared.settings.settings import GraphCredential, GraphService, Settings, StorageAccount, TopicSettings
from shared.settings.values import (
    duration,
    host_names,
    is_connection_string,
    is_https,
    is_loopback,
    ncrontab,
    on_or_off,
    optional_host_name,
    optional_queue_name,
    positive_integer,
    queue_name,
    topic_endpoint,
)

REQUEST_QUEUE = ("REQUEST_QUEUE", "meeting-requests")
UPKEEP_SCHEDULE = ("UPKEEP_SCHEDULE", "0 */5 * * * *")
CRASHES_SCHEDULE = ("CRASHES_SCHEDULE", "30 * * * * *")
WATCH_SCHEDULE = ("WATCH_SCHEDULE", "0 */5 * * * *")
SCHEDULES_SCHEDULE = ("SCHEDULES_SCHEDULE", "0 */5 * * * *")

_CREDENTIAL_VARIABLES = {
    GraphCredential.MANAGED_IDENTITY: (),
    GraphCredential.CLIENT_SECRET: ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"),
    GraphCredential.CLIENT_CERTIFICATE: ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_CERTIFICATE_PATH"),
    GraphCredential.WORKLOAD_IDENTITY: ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"),
    GraphCredential.NONE: (),
}
_FILES = frozenset({"AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"})


def setting_reference(setting: tuple[str, str]) -> str:
    """Return what a trigger declares for a setting: `%NAME%`, which the host resolves, or the default when it is unset.

    The host does not load a function whose `%NAME%` it cannot resolve.
    """
    name, default = setting
    return f"%{name}%" if os.environ.get(name, "").strip() else default


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings, checked as a whole.

    Raises:
        SettingsError: with every missing or malformed setting by name.
    """
    return _Reader(environ).read()


def read_environment() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: with every missing or malformed setting by name.
    """
    return read_settings(os.environ)


class _Reader:
    """Collects faults while it reads, so that the operator sees all of them at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: list[str] = []

    def read(self) -> Settings:
        settings = Settings(
            storage=self._storage(),
            graph=self._graph(),
            allowed_organizers=self._allowed_organizers(),
            callers=self._callers(),
            graph_calls_per_mailbox=self._parsed("GRAPH_CALLS_PER_MAILBOX", "4", positive_integer),
            request_queue=self._parsed(*REQUEST_QUEUE, queue_name),
            result_queue=self._parsed("RESULT_QUEUE", "meeting-results", optional_queue_name, empty_is_value=True),
            result_topic=self._topic(),
            watch=self._parsed("WATCH", "on", on_or_off),
            artifacts=self._parsed("ARTIFACTS", "", artifacts, empty_is_value=True),
            give_up_after=self._parsed("GIVE_UP_AFTER", "PT24H", duration),
            result_time_to_live=self._parsed("RESULT_TIME_TO_LIVE", "P7D", duration),
            retention=self._parsed("RETENTION", "P90D", duration),
            trusted_hosts=self._parsed("TRUSTED_HOSTS", "", host_names),
            own_host=self._parsed("WEBSITE_HOSTNAME", "", optional_host_name),
        )
        if settings.result_queue in {settings.request_queue, f"{settings.request_queue}-poison"}:
            self._faults.append("RESULT_QUEUE is the queue of the requests or their poison queue, which read it as one")
        if settings.artifacts and not settings.graph.cloud.online_meetings:
            self._faults.append(f"ARTIFACTS is set, and Graph has no onlineMeetings in {settings.graph.cloud.name}")
        for schedule in (UPKEEP_SCHEDULE, CRASHES_SCHEDULE, SCHEDULES_SCHEDULE, WATCH_SCHEDULE):
            self._parsed(*schedule, ncrontab)
        if self._faults:
            raise SettingsError("Convene cannot start, its settings are wrong: " + "; ".join(self._faults))
        return settings

    def _text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def _parsed[T](self, name: str, default: str, parse: Callable[[str], T], *, empty_is_value: bool = False) -> T:
        text = self._environ.get(name, default).strip()
        if not text and not empty_is_value:
            text = default
        try:
            return parse(text)
        except ValueError as error:
            self._faults.append(f"{name} {error}")
            return parse(default)

    def _storage(self) -> StorageAccount:
        queues, tables = self._text("MeetingStorage__queueServiceUri"), self._text("MeetingStorage__tableServiceUri")
        connection_string = self._text("MeetingStorage")
        if connection_string:
            if not is_connection_string(connection_string):
                self._faults.append("MeetingStorage is not a connection string of a storage account")
            return StorageAccount(connection_string=connection_string)
        for name, uri in (
            ("MeetingStorage__queueServiceUri", queues),
            ("MeetingStorage__tableServiceUri", tables),
        ):
            if not uri and (queues or tables):
                self._faults.append(f"{name} is missing, and MeetingStorage needs both service URIs")
            elif uri and not is_https(uri):
                self._faults.append(f"{name} is not an https URL")
        if not (queues or tables):
            self._faults.append(
                "MeetingStorage is missing: set it to a connection string, or set MeetingStorage__queueServiceUri and "
                "MeetingStorage__tableServiceUri"
            )
        if (self._text("MeetingStorage__credential") or "managedidentity").lower() != "managedidentity":
            self._faults.append("MeetingStorage__credential is not managedidentity")
        return StorageAccount(
            queue_service_uri=queues, table_service_uri=tables, client_id=self._text("MeetingStorage__clientId")
        )

    def _topic(self) -> TopicSettings | None:
        endpoint = self._parsed("RESULT_TOPIC", "", topic_endpoint, empty_is_value=True)
        key = self._text("RESULT_TOPIC_KEY")
        if endpoint is None:
            if key and not self._text("RESULT_TOPIC"):
                self._faults.append("RESULT_TOPIC_KEY is set, and RESULT_TOPIC is missing")
            return None
        client_id = self._text("MeetingStorage__clientId") or self._text("AZURE_CLIENT_ID")
        return TopicSettings(endpoint, key, client_id, is_loopback(urlsplit(endpoint).hostname))

    def _graph(self) -> GraphService:
        kind = self._parsed("GRAPH_CREDENTIAL", GraphCredential.MANAGED_IDENTITY, _credential)
        base_url = (self._text("GRAPH_BASE_URL") or "https://graph.microsoft.com/v1.0").rstrip("/")
        try:
            parts = urlsplit(base_url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            parts, host = urlsplit(""), None
        cloud = CLOUDS.get(host or "")
        loopback = is_loopback(host)
        if parts.scheme not in {"http", "https"} or parts.query or parts.fragment or "@" in parts.netloc:
            self._faults.append("GRAPH_BASE_URL is not the URL of a Microsoft Graph root")
        elif not loopback and (cloud is None or parts.scheme != "https" or parts.port not in {None, 443}):
            self._faults.append(
                f"GRAPH_BASE_URL is neither on this machine nor https on one of Graph's hosts ({', '.join(CLOUDS)})"
            )
        elif not loopback and parts.path != "/v1.0":
            self._faults.append("GRAPH_BASE_URL does not end in /v1.0, the version of Graph that Convene speaks")
        if kind is GraphCredential.NONE and not loopback:
            self._faults.append("GRAPH_CREDENTIAL may be none only if GRAPH_BASE_URL is a loopback address")
        for name in _CREDENTIAL_VARIABLES[kind]:
            value = self._text(name)
            if not value:
                self._faults.append(f"{name} is missing, and GRAPH_CREDENTIAL={kind} needs it")
            elif name in _FILES and not os.access(value, os.R_OK):
                self._faults.append(f"{name} does not name a readable file")
        return GraphService(
            base_url,
            cloud or GLOBAL,
            kind,
            tenant_id=self._text("AZURE_TENANT_ID"),
            client_id=self._text("AZURE_CLIENT_ID"),
            client_secret=self._text("AZURE_CLIENT_SECRET"),
            certificate_path=self._text("AZURE_CLIENT_CERTIFICATE_PATH"),
            certificate_password=self._text("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
            token_file=self._text("AZURE_FEDERATED_TOKEN_FILE"),
        )

    def _allowed_organizers(self) -> frozenset[str]:
        allowed: set[str] = set()
        malformed = 0
        for entry in filter(str.strip, self._environ.get("ALLOWED_ORGANIZERS", "*").split(",")):
            try:
                allowed.add(organizer_entry(entry))
            except ValueError:
                malformed += 1
        if malformed or not allowed:
            self._faults.append(
                "ALLOWED_ORGANIZERS is not a comma-separated list of object ids, user principal names and @domain "
                f"suffixes, or * for everyone{f', in {malformed} of its entries' if malformed else ''}"
            )
        return frozenset(allowed)

    def _callers(self) -> Callers:
        # App Service sets it: https://learn.microsoft.com/azure/app-service/reference-app-settings#authentication--authorization
        authenticated = (self._text("WEBSITE_AUTH_ENABLED") or "").casefold() == "true"
        return Callers(authenticated, self._parsed("CALLERS", "", parse_callers, empty_is_value=True))


def _credential(text: str) -> GraphCredential:
    try:
        return GraphCredential(text)
    except ValueError:
        raise ValueError(f"is not one of {', '.join(GraphCredential)}") from None
