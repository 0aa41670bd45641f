"""The settings of an operator, and every way in which they can be wrong."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.callers import Callers
from shared.errors import SettingsError
from shared.settings import (
    REQUEST_QUEUE,
    GraphCredential,
    GraphService,
    Settings,
    StorageAccount,
    TopicSettings,
    read_settings,
    setting_reference,
)
from shared.settings.artifacts import Artifact
from shared.settings.clouds import CLOUDS, GLOBAL
from shared.settings.values import is_loopback

ACCOUNT = "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=dG9wc2VjcmV0a2V5;EndpointSuffix=core.windows.net"
LEAST = {"MeetingStorage": ACCOUNT}
URIS = {
    "MeetingStorage__queueServiceUri": "https://acct.queue.core.windows.net",
    "MeetingStorage__tableServiceUri": "https://acct.table.core.windows.net",
}
LOCAL_GRAPH = {"GRAPH_CREDENTIAL": "none", "GRAPH_BASE_URL": "http://127.0.0.1:7072/v1.0"}
SECRET = {
    "GRAPH_CREDENTIAL": "clientSecret",
    "AZURE_TENANT_ID": "tenant",
    "AZURE_CLIENT_ID": "client",
    "AZURE_CLIENT_SECRET": "hush-secret",
}


def faults(environ: Mapping[str, str]) -> list[str]:
    """Return the faults that an environment has; none if it is right."""
    try:
        read_settings(environ)
    except SettingsError as error:
        return str(error).removeprefix("Convene cannot start, its settings are wrong: ").split("; ")
    return []


def test_defaults() -> None:
    """With nothing but the storage set, every setting has the default that the documentation names."""
    assert read_settings(LEAST) == Settings(
        storage=StorageAccount(connection_string=ACCOUNT),
        graph=GraphService("https://graph.microsoft.com/v1.0", GLOBAL, GraphCredential.MANAGED_IDENTITY),
        allowed_organizers=frozenset({"*"}),
        callers=Callers(),
        graph_calls_per_mailbox=4,
        request_queue="meeting-requests",
        result_queue="meeting-results",
        result_topic=None,
        watch=True,
        artifacts=frozenset(),
        give_up_after=timedelta(hours=24),
        result_time_to_live=timedelta(days=7),
        retention=timedelta(days=90),
        trusted_hosts=frozenset(),
        own_host=None,
    )


def test_a_blank_setting_counts_as_unset() -> None:
    """A setting of nothing but blanks takes the default, except for the result queue, whose absence means something."""
    names = (
        "GRAPH_CREDENTIAL",
        "GRAPH_BASE_URL",
        "GRAPH_CALLS_PER_MAILBOX",
        "REQUEST_QUEUE",
        "GIVE_UP_AFTER",
        "RESULT_TIME_TO_LIVE",
        "RETENTION",
        "UPKEEP_SCHEDULE",
        "CRASHES_SCHEDULE",
        "SCHEDULES_SCHEDULE",
    )
    for blank in ("", "  "):
        assert read_settings(LEAST | dict.fromkeys(names, blank)) == read_settings(LEAST)
        assert read_settings(LEAST | {"RESULT_QUEUE": blank}).result_queue is None


def test_every_setting_is_read() -> None:
    """Every setting has its effect, and blanks around a value have none."""
    settings = read_settings(
        URIS
        | SECRET
        | {
            "MeetingStorage__credential": "managedIdentity",
            "MeetingStorage__clientId": "storage-client",
            "ALLOWED_ORGANIZERS": " AlexW@Contoso.com, @fabrikam.com ,64339082-ED84-4b0b-b4ab-004ae54f3747,",
            "GRAPH_CALLS_PER_MAILBOX": " 2 ",
            "REQUEST_QUEUE": " asked ",
            "RESULT_QUEUE": "told",
            "GIVE_UP_AFTER": "PT90M",
            "RESULT_TIME_TO_LIVE": "P30D",
            "RESULT_TOPIC": " https://convene.westeurope-1.eventgrid.azure.net/api/events ",
            "RESULT_TOPIC_KEY": " key ",
            "WATCH": " OFF ",
            "ARTIFACTS": " Attendance, recordings,",
            "RETENTION": "P1Y",
            "TRUSTED_HOSTS": " API.contoso.com , gateway.contoso.com:8443,",
            "WEBSITE_HOSTNAME": "Convene.AzureWebsites.net",
            "UPKEEP_SCHEDULE": "*/10 * * * * MON-FRI",
        }
    )
    topic = "https://convene.westeurope-1.eventgrid.azure.net/api/events"
    assert settings.result_topic == TopicSettings(topic, "key", "storage-client", is_stand_in=False)
    assert not settings.watch
    assert settings.artifacts == {Artifact.ATTENDANCE, Artifact.RECORDINGS}
    assert settings.storage == StorageAccount(
        queue_service_uri=URIS["MeetingStorage__queueServiceUri"],
        table_service_uri=URIS["MeetingStorage__tableServiceUri"],
        client_id="storage-client",
    )
    assert settings.graph.credential is GraphCredential.CLIENT_SECRET
    assert (settings.graph.tenant_id, settings.graph.client_id) == ("tenant", "client")
    assert settings.graph.client_secret == "hush-secret"
    assert settings.allowed_organizers == {
        "alexw@contoso.com",
        "@fabrikam.com",
        "64339082-ed84-4b0b-b4ab-004ae54f3747",
    }
    assert settings.graph_calls_per_mailbox == 2
    assert (settings.request_queue, settings.result_queue) == ("asked", "told")
    assert settings.give_up_after == timedelta(minutes=90)
    assert settings.result_time_to_live == timedelta(days=30)
    assert settings.retention == timedelta(days=365)
    assert settings.trusted_hosts == {"api.contoso.com", "gateway.contoso.com:8443"}
    assert settings.own_host == "convene.azurewebsites.net"


def test_every_fault_is_listed_at_once_by_name() -> None:
    """One message names everything that is missing or malformed."""
    wrong = {
        "MeetingStorage__credential": "password",
        "MeetingStorage__queueServiceUri": "http://acct.queue.core.windows.net",
        "GRAPH_CREDENTIAL": "clientCertificate",
        "GRAPH_BASE_URL": "https://graph.example.com/v1.0",
        "ALLOWED_ORGANIZERS": "everybody",
        "GRAPH_CALLS_PER_MAILBOX": "0",
        "REQUEST_QUEUE": "A",
        "RESULT_QUEUE": "_",
        "GIVE_UP_AFTER": "24h",
        "RESULT_TIME_TO_LIVE": "a week",
        "RETENTION": "P0D",
        "ARTIFACTS": "attendance;transcripts",
        "UPKEEP_SCHEDULE": "*/5 * * *",
        "CRASHES_SCHEDULE": "30 s",
        "SCHEDULES_SCHEDULE": "never",
        "TRUSTED_HOSTS": "https://api.contoso.com",
        "WEBSITE_HOSTNAME": "a.example,b.example",
    }
    missing = {
        "MeetingStorage__tableServiceUri",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_CERTIFICATE_PATH",
    }
    named = [fault.partition(" ")[0] for fault in faults(wrong)]
    assert sorted(named) == sorted((set(wrong) - {"GRAPH_CREDENTIAL"}) | missing)


def test_bad_words_of_artifacts_are_one_fault() -> None:
    """It names them all, and the words that there are."""
    assert faults(LEAST | {"ARTIFACTS": "speech,attendance,chat"}) == [
        "ARTIFACTS has chat, speech, and its words are attendance, transcripts, recordings, separated by commas"
    ]


def test_artifacts_in_a_cloud_without_them() -> None:
    """Graph has no online meetings in China, so nothing could ever be read."""
    china = {"GRAPH_BASE_URL": "https://microsoftgraph.chinacloudapi.cn/v1.0", "ARTIFACTS": "attendance"}
    [fault] = faults(LEAST | china)
    assert fault.startswith("ARTIFACTS is set, and Graph has no onlineMeetings in ")


class TestStorage:
    @pytest.mark.parametrize(
        "text",
        [
            ACCOUNT,
            ACCOUNT + ";",
            "UseDevelopmentStorage=true",
            " usedevelopmentstorage = TRUE ;",
            "AccountName=acct;SharedAccessSignature=sv=2024&sig=a%3D",
            "QueueEndpoint=https://q;TableEndpoint=https://t;SharedAccessSignature=sv=2024&sig=a%3D",
        ],
    )
    def test_connection_strings(self, text: str) -> None:
        """An account with a key or a signature, or the emulator, is where the meetings live."""
        assert faults({"MeetingStorage": text}) == []

    @pytest.mark.parametrize(
        "text",
        [
            "hush",
            "AccountName=acct",
            "AccountName=;AccountKey=hush",
            "AccountKey=hush",
            "AccountName=acct;AccountKey=hush!",
            "SharedAccessSignature=hush",
            "UseDevelopmentStorage=false",
            "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://hush",
        ],
    )
    def test_what_is_no_connection_string(self, text: str) -> None:
        """What the storage clients would stumble over later is refused at the start, and not repeated."""
        assert faults({"MeetingStorage": text}) == ["MeetingStorage is not a connection string of a storage account"]

    def test_a_missing_storage(self) -> None:
        """Without any storage the message tells both ways to name one."""
        [fault] = faults({})
        for name in ("MeetingStorage is missing", *URIS):
            assert name in fault

    @pytest.mark.parametrize("name", URIS)
    def test_both_service_uris_are_needed(self, name: str) -> None:
        """One service URI without the other is a fault with the other's name."""
        [fault] = faults({key: uri for key, uri in URIS.items() if key != name})
        assert fault.startswith(f"{name} is missing")

    @pytest.mark.parametrize("uri", ["acct.queue.core.windows.net", "http://acct.example", "https://", "https://[x"])
    def test_service_uris_are_https(self, uri: str) -> None:
        """A service URI that is not https would send the token in the clear."""
        assert faults(URIS | {"MeetingStorage__queueServiceUri": uri}) == [
            "MeetingStorage__queueServiceUri is not an https URL"
        ]


class TestGraph:
    @pytest.mark.parametrize("host", CLOUDS)
    def test_a_cloud_chooses_its_login_authority(self, host: str) -> None:
        """Each national cloud's Graph goes with the authority that issues its tokens."""
        graph = read_settings(LEAST | {"GRAPH_BASE_URL": f"https://{host.upper()}/v1.0/"}).graph
        assert graph.cloud is CLOUDS[host]
        assert graph.base_url == f"https://{host.upper()}/v1.0"

    def test_the_national_clouds_are_known(self) -> None:
        """Microsoft's documentation names four roots."""
        assert set(CLOUDS) == {
            "graph.microsoft.com",
            "graph.microsoft.us",
            "dod-graph.microsoft.us",
            "microsoftgraph.chinacloudapi.cn",
        }
        assert {cloud.login for cloud in CLOUDS.values()} == {
            "login.microsoftonline.com",
            "login.microsoftonline.us",
            "login.chinacloudapi.cn",
        }

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:7072/v1.0",
            "http://localhost:7072/v1.0",
            "http://LOCALHOST/v1.0",
            "https://127.8.9.1/v1.0",
            "http://[::1]:7072/v1.0",
        ],
    )
    def test_a_loopback_graph_takes_any_credential(self, url: str) -> None:
        """A Graph on this machine may be called with the fixed token, over http, and with a real credential."""
        graph = read_settings(LEAST | LOCAL_GRAPH | {"GRAPH_BASE_URL": url}).graph
        assert (graph.credential, graph.cloud, graph.base_url) == (GraphCredential.NONE, GLOBAL, url)
        assert faults(LEAST | SECRET | {"GRAPH_BASE_URL": url}) == []

    @pytest.mark.parametrize(
        "url",
        [
            "https://graph.example.com/v1.0",
            "https://graph.microsoft.com.evil.example/v1.0",
            "https://evil.example/graph.microsoft.com",
            "https://graph.microsoft.com:8443/v1.0",
            "http://graph.microsoft.com/v1.0",
            "https://graph.microsoft.com@evil.example/v1.0",
            "https://:pw@graph.microsoft.com/v1.0",
            "http://user@127.0.0.1/v1.0",
            "https://graph.microsoft.com/v1.0?x=1",
            "https://graph.microsoft.com/v1.0#x",
            "https://graph.microsoft.com:port/v1.0",
            "https://[graph.microsoft.com/v1.0",
            "ftp://127.0.0.1/v1.0",
            "http://localhost.evil.example/v1.0",
            "http://127.0.0.1.evil.example/v1.0",
            "http://10.0.0.1/v1.0",
            "http://0.0.0.0/v1.0",
            "graph.microsoft.com/v1.0",
            "https:///v1.0",
        ],
    )
    @pytest.mark.parametrize("credential", [{"GRAPH_CREDENTIAL": "none"}, SECRET])
    def test_any_other_graph_is_refused(self, url: str, credential: dict[str, str]) -> None:
        """No token of the app goes to a host that is neither Graph's nor this machine."""
        assert any(
            fault.startswith("GRAPH_BASE_URL is ") for fault in faults(LEAST | credential | {"GRAPH_BASE_URL": url})
        )

    @pytest.mark.parametrize("host", CLOUDS)
    def test_no_fixed_token_for_a_real_graph(self, host: str) -> None:
        """GRAPH_CREDENTIAL=none is for this machine only."""
        environ = LEAST | {"GRAPH_CREDENTIAL": "none", "GRAPH_BASE_URL": f"https://{host}/v1.0"}
        assert faults(environ) == ["GRAPH_CREDENTIAL may be none only if GRAPH_BASE_URL is a loopback address"]

    @pytest.mark.parametrize(
        ("kind", "names"),
        [
            ("clientSecret", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]),
            ("clientCertificate", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_CERTIFICATE_PATH"]),
            ("workloadIdentity", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"]),
            ("managedIdentity", []),
        ],
    )
    def test_what_a_credential_needs(self, kind: str, names: list[str]) -> None:
        """Each kind of credential needs its own variables of azure-identity, and each that is missing is named."""
        environ = LEAST | {"GRAPH_CREDENTIAL": kind}
        assert faults(environ) == [f"{name} is missing, and GRAPH_CREDENTIAL={kind} needs it" for name in names]
        assert faults(environ | dict.fromkeys(names, __file__)) == []

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("clientCertificate", "AZURE_CLIENT_CERTIFICATE_PATH"),
            ("workloadIdentity", "AZURE_FEDERATED_TOKEN_FILE"),
        ],
    )
    def test_a_file_that_is_not_there(self, kind: str, name: str) -> None:
        """A credential whose file cannot be read is told at start, not at the first meeting."""
        values = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", name: "/nowhere/at/all"}
        assert faults(LEAST | {"GRAPH_CREDENTIAL": kind} | values) == [f"{name} does not name a readable file"]

    @pytest.mark.parametrize("path", ["", "/", "/beta", "/v1.0/users"])
    def test_the_version_belongs_to_the_root(self, path: str) -> None:
        """Convene speaks v1.0, and a root without it would lead every call astray."""
        [fault] = faults(LEAST | {"GRAPH_BASE_URL": f"https://graph.microsoft.com{path}"})
        assert fault.startswith("GRAPH_BASE_URL does not end in /v1.0")

    @pytest.mark.parametrize("kind", ["managedidentity", "password", "default"])
    def test_an_unknown_credential(self, kind: str) -> None:
        """The fault lists the kinds there are."""
        [fault] = faults(LEAST | {"GRAPH_CREDENTIAL": kind})
        assert fault.startswith("GRAPH_CREDENTIAL is not one of managedIdentity, clientSecret, clientCertificate")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.1.1", False), (None, False)],  # noqa: S104
)
def test_loopback(host: str | None, *, expected: bool) -> None:
    """Loopback is what the machine calls itself, not what it listens on."""
    assert is_loopback(host) is expected


class TestSecrets:
    def test_no_secret_is_shown(self) -> None:
        """The settings can be logged: no key, secret or password is in their repr."""
        environ = LEAST | SECRET | {"AZURE_CLIENT_CERTIFICATE_PASSWORD": "hush-password"}
        shown = f"{read_settings(environ)!r} {read_settings(environ)}"
        for secret in ("hush-secret", "hush-password", "dG9wc2VjcmV0a2V5"):
            assert secret not in shown

    def test_no_secret_is_in_a_message(self) -> None:
        """A fault names the setting and not its value, should a secret have got into the wrong one."""
        names = [
            "MeetingStorage",
            *URIS,
            "MeetingStorage__credential",
            *LOCAL_GRAPH,
            *SECRET,
            "GRAPH_CALLS_PER_MAILBOX",
            "REQUEST_QUEUE",
            "RESULT_QUEUE",
            "GIVE_UP_AFTER",
            "RESULT_TIME_TO_LIVE",
            "RETENTION",
            "UPKEEP_SCHEDULE",
        ]
        for environ in (dict.fromkeys(names, "hush-hush!"), dict.fromkeys(names[1:], "hush-hush!")):
            with pytest.raises(SettingsError) as raised:
                read_settings(environ)
            assert "hush" not in str(raised.value)


class TestAllowedOrganizers:
    @pytest.mark.parametrize("text", ["*", "a@b", "@b.example", "64339082-ED84-4B0B-B4AB-004AE54F3747", "*, a@b ,,"])
    def test_who_can_be_allowed(self, text: str) -> None:
        """Everyone, a user by name or object id, or everyone of a domain."""
        assert faults(LEAST | {"ALLOWED_ORGANIZERS": text}) == []

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " , ",
            "contoso.com",
            "a@",
            "a b",
            "a@b c",
            "64339082-ed84",
            "a@b;c@d e",
            "@b.example;@d.example",
            "*@b.example",
            "@sub.*",
        ],
    )
    def test_who_cannot(self, text: str) -> None:
        """An entry that could never match anybody is a fault, and so is a list that allows nobody."""
        [fault] = faults(LEAST | {"ALLOWED_ORGANIZERS": text})
        assert fault.startswith("ALLOWED_ORGANIZERS is not")


class TestTrustedHosts:
    @pytest.mark.parametrize("text", ["", " , ", "localhost", "a.b-c.example,10.0.0.4:8080"])
    def test_what_is_a_list_of_hosts(self, text: str) -> None:
        """Names as URLs have them, with a port where it is not the scheme's own."""
        assert faults(LEAST | {"TRUSTED_HOSTS": text}) == []

    @pytest.mark.parametrize(
        "text", ["*", "*.contoso.com", "https://a.example", "a.example/api", "a b", "a..b", "-a", "a:", "a:99999999"]
    )
    def test_what_is_none(self, text: str) -> None:
        """No pattern, no URL: every host is named."""
        [fault] = faults(LEAST | {"TRUSTED_HOSTS": text})
        assert fault.startswith("TRUSTED_HOSTS is not")


class TestQueueNames:
    @pytest.mark.parametrize("name", ["abc", "a-b-c", "123", "a" * 56])
    def test_what_azure_allows(self, name: str) -> None:
        """Lower-case letters, digits and single hyphens, as long as the poison queue's name fits too."""
        settings = read_settings(LEAST | {"REQUEST_QUEUE": name})
        assert settings.request_queue == name

    @pytest.mark.parametrize("name", ["ab", "a" * 57, "Abc", "a--b", "-ab", "ab-", "a_b", "a b", "abc\n-", "äbc"])
    @pytest.mark.parametrize("setting", ["REQUEST_QUEUE", "RESULT_QUEUE"])
    def test_what_azure_refuses(self, setting: str, name: str) -> None:
        """A name that Azure would refuse later is refused at the start."""
        [fault] = faults(LEAST | {setting: name})
        assert fault.startswith(f"{setting} is not a queue name")

    @pytest.mark.parametrize("name", ["meeting-requests", "meeting-requests-poison"])
    def test_results_are_no_requests(self, name: str) -> None:
        """A result that is read as a request would bring forth another result, for ever."""
        [fault] = faults(LEAST | {"RESULT_QUEUE": name})
        assert fault.startswith("RESULT_QUEUE is the queue of the requests")


class TestDurations:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("PT24H", timedelta(hours=24)),
            ("P90D", timedelta(days=90)),
            ("P1W", timedelta(weeks=1)),
            ("P1M", timedelta(days=31)),
            ("P1Y", timedelta(days=365)),
            ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
            ("PT0.5S", timedelta(seconds=0.5)),
            ("P100Y", timedelta(days=36_524)),
        ],
    )
    def test_iso_8601(self, text: str, expected: timedelta) -> None:
        """A duration is ISO 8601; months and years are those after a New Year."""
        settings = read_settings(LEAST | dict.fromkeys(("GIVE_UP_AFTER", "RESULT_TIME_TO_LIVE", "RETENTION"), text))
        assert settings.give_up_after == settings.result_time_to_live == settings.retention == expected

    @pytest.mark.parametrize(
        "text",
        [
            "24",
            "24h",
            "1 day",
            "PT",
            "P",
            "P0D",
            "-P1D",
            "PT-1H",
            "P101Y",
            "P9000Y",
            "P9999999999D",
            "P1S",
            "nan",
            "p90d!",
        ],
    )
    @pytest.mark.parametrize("setting", ["GIVE_UP_AFTER", "RESULT_TIME_TO_LIVE", "RETENTION"])
    def test_what_is_no_duration(self, setting: str, text: str) -> None:
        """What is not one, not longer than zero or longer than a calendar is a fault."""
        [fault] = faults(LEAST | {setting: text})
        assert fault.startswith(f"{setting} is ")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "four", "10000", "٤", "1e3"])
def test_calls_per_mailbox(text: str) -> None:
    """The number of calls at once is a whole one, at least 1."""
    assert faults(LEAST | {"GRAPH_CALLS_PER_MAILBOX": text}) == [
        "GRAPH_CALLS_PER_MAILBOX is not a whole number from 1 to 9999"
    ]


@pytest.mark.parametrize("setting", ["UPKEEP_SCHEDULE", "CRASHES_SCHEDULE", "SCHEDULES_SCHEDULE"])
def test_schedules(setting: str) -> None:
    """A schedule is what the host takes as NCRONTAB; what is wrong with another is told."""
    assert faults(LEAST | {setting: "0 0 3 * * SUN"}) == []
    [fault] = faults(LEAST | {setting: "0 0 3 * * 7"})
    assert fault == (
        f"{setting} is not an NCRONTAB expression such as 0 */5 * * * *: "
        "it has '7' as its day of the week: a value is from 0 to 6"
    )


def test_a_schedule_that_never_comes() -> None:
    """The host would take it, and the timer would stand still."""
    [fault] = faults(LEAST | {"UPKEEP_SCHEDULE": "0 0 0 31 2,4,6 *"})
    assert fault.startswith("UPKEEP_SCHEDULE is an NCRONTAB expression that never occurs")


@given(
    st.dictionaries(
        st.sampled_from(
            ["MeetingStorage", *URIS, *LOCAL_GRAPH, "ALLOWED_ORGANIZERS", "RESULT_QUEUE", "GIVE_UP_AFTER", "RETENTION"]
        ),
        st.text(max_size=30) | st.from_regex(r"P[0-9YMWDTHS.,-]{1,12}", fullmatch=True),
    )
)
def test_nothing_but_settings_errors(environ: dict[str, str]) -> None:
    """Whatever the environment holds, it is right or a SettingsError."""
    faults(environ)


class TestSettingReference:
    def test_a_set_one_is_for_the_host_to_resolve(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A trigger declares a setting that is set by its name."""
        monkeypatch.setenv("REQUEST_QUEUE", "asked")
        assert setting_reference(REQUEST_QUEUE) == "%REQUEST_QUEUE%"

    @pytest.mark.parametrize("value", [None, "", "  "])
    def test_an_unset_one_is_its_default(self, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
        """The host cannot resolve a setting that is unset or empty, so the default stands there itself."""
        monkeypatch.delenv("REQUEST_QUEUE", raising=False)
        if value is not None:
            monkeypatch.setenv("REQUEST_QUEUE", value)
        assert setting_reference(REQUEST_QUEUE) == "meeting-requests"
