"""The app's settings: everything that an operator decides. docs/settings.md says what each setting means."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from shared.access.callers import Callers
from shared.settings.artifacts import Artifact
from shared.settings.clouds import Cloud


class GraphCredential(StrEnum):
    """How the app authenticates to Microsoft Entra."""

    MANAGED_IDENTITY = "managedIdentity"
    CLIENT_SECRET = "clientSecret"  # noqa: S105 - the name of a kind of credential
    CLIENT_CERTIFICATE = "clientCertificate"
    WORKLOAD_IDENTITY = "workloadIdentity"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StorageAccount:
    """Where the queues and tables are: a connection string, or two service URIs and an identity."""

    connection_string: str | None = field(default=None, repr=False)
    queue_service_uri: str | None = None
    table_service_uri: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class GraphService:
    """Which Graph the app calls, and as whom.

    Attributes:
        base_url: the root with its version, without a trailing slash.
        cloud: the cloud of this Graph; a Graph on this machine stands in for the global one.
        credential: the kind of credential; its values follow, named as in azure-identity's own variables.
        client_id: the app's client id, None when the settings do not name it.
    """

    base_url: str
    cloud: Cloud
    credential: GraphCredential
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    certificate_path: str | None = None
    certificate_password: str | None = field(default=None, repr=False)
    token_file: str | None = None


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """An Event Grid custom topic, and as whom the app calls it.

    Attributes:
        endpoint: the URL that takes events.
        key: one of the topic's access keys; None for the app's managed identity.
        client_id: of the user-assigned identity, None for the system-assigned one.
        is_stand_in: the endpoint is on this machine, and no key is needed.
    """

    endpoint: str
    key: str | None = field(repr=False)
    client_id: str | None
    is_stand_in: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator decides.

    Attributes:
        own_host: the app's host name, where the platform names it; with a port if that is not the scheme's own.
    """

    storage: StorageAccount
    graph: GraphService
    allowed_organizers: frozenset[str]
    callers: Callers
    graph_calls_per_mailbox: int
    request_queue: str
    result_queue: str | None
    result_topic: TopicSettings | None
    watch: bool
    artifacts: frozenset[Artifact]
    give_up_after: timedelta
    result_time_to_live: timedelta
    retention: timedelta
    trusted_hosts: frozenset[str]
    own_host: str | None
