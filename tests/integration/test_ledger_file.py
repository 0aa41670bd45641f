"""`convene export` and `import`, as an operator runs them, over Azurite."""

import json
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from local.processes import running_stack
from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import Client, clients
from tests.integration.test_cli import run

_SCHEDULE = {
    "recurrence": "RRULE:FREQ=DAILY",
    "timeZone": "UTC",
    "start": "2030-01-07T09:00:00",
    "duration": "PT30M",
    "leadTime": "PT1H",
    "request": {"kind": "standalone", "organizer": "AlexW@contoso.com"},
}


def lose(client: Client) -> None:
    """Take every row away; a table that is deleted could not be made again for a while, in Azure."""
    with TableServiceClient.from_connection_string(client.stack.connection_string) as service:
        for table in service.list_tables():
            rows = service.get_table_client(table.name)
            for row in list(rows.list_entities(select=["PartitionKey", "RowKey"])):
                rows.delete_entity(row["PartitionKey"], row["RowKey"])


def test_a_ledger_that_is_lost_comes_back(tmp_path: Path) -> None:
    """The file holds every meeting and schedule, for its owner's eyes; put back, they answer as before."""
    file = tmp_path / "ledger.jsonl"
    with running_stack() as stack, clients(stack) as client:
        locations = [client.post(request).headers["Location"] for request in (CALENDAR, STANDALONE)]
        before = [client.finished(location) for location in locations]
        schedule = client.http.post("/schedules", json=_SCHEDULE).raise_for_status().json()
        exported = run(client, "export", str(file))
        assert (exported.exit_code, exported.stdout) == (0, f"2 meetings and 1 schedules are in {file}.\n")
        assert file.stat().st_mode & 0o777 == 0o600
        again = run(client, "export", str(file))
        assert again.exit_code == 2
        assert "File exists" in again.stderr
        nobodys = run(client, "export", str(tmp_path / "nobody.jsonl"), "--person", "nobody@example.com")
        assert nobodys.stdout.startswith("0 meetings and 0 schedules ")
        lose(client)
        assert client.http.get(locations[0]).status_code == 404
        assert run(client, "import", str(file), "--person", "nobody@example.com").stdout.startswith("0 were put back")
        imported = run(client, "import", str(file))
        assert (imported.exit_code, imported.stdout) == (0, "3 were put back, 0 were there already.\n")
        assert [client.finished(location) for location in locations] == before
        assert client.http.get(f"/schedules/{schedule['id']}").json() == schedule
        [found] = client.http.get("/meetings", params={"joinUrl": before[1]["joinUrl"]}).json()["meetings"]
        assert found["id"] == before[1]["id"]
        assert run(client, "import", str(file)).stdout == "0 were put back, 3 were there already.\n"
        forgotten = run(client, "forget", "--url", client.stack.host.url, "--file", str(file))
        assert (forgotten.exit_code, forgotten.stdout) == (0, "2 forgotten, 0 refused\n")
        assert [client.http.get(location).status_code for location in locations] == [404, 404]
        assert run(client, "import", str(file)).stdout == "0 were put back, 3 were there already.\n"


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        (["{}"], "no copy of a ledger"),
        (["nonsense"], "Line 1 is not JSON"),
        (['{"form": 1}'], "is incomplete"),
        (['{"form": 1}', '{"records": 1}'], "is incomplete"),
        (['{"form": 1}', '{"records": 0}', '{"records": 0}'], "nothing may follow the end"),
        (['{"form": 1}', '{"meeting": {"id": 1}}'], "Line 2 is neither a meeting nor a schedule"),
        (['{"form": 1}', "[]"], "Line 2 is not a JSON object"),
    ],
)
def test_a_file_that_is_not_whole(client: Client, tmp_path: Path, lines: list[str], part: str) -> None:
    """Nothing of it is put back, and the reason is said with exit code 2."""
    file = tmp_path / "ledger.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    done = run(client, "import", str(file))
    assert (done.exit_code, done.stdout) == (2, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_failed_meetings_are_tried_again(client: Client, tmp_path: Path) -> None:
    """By their code or one by one; a dry run changes nothing."""
    organizer = "NotYet@contoso.com"
    client.tenant.put(f"/users/{organizer}", json={"applicationAccessPolicy": False}).raise_for_status()
    file = tmp_path / "two.json"
    file.write_text(json.dumps([STANDALONE | {"organizer": organizer, "subject": name} for name in "ab"]))
    where = ["--url", client.stack.host.url]
    failed = json.loads(run(client, "submit", str(file), "--json", *where).stdout)
    assert [row["status"] for row in failed] == ["failed", "failed"]
    code = ["--code", "applicationAccessPolicyMissing", *where, "--json"]
    dry = run(client, "retry", "--dry-run", *code)
    assert dry.exit_code == 0, dry.stderr
    assert {row["id"] for row in failed} <= {row["id"] for row in json.loads(dry.stdout)}
    versions = [client.http.get(f"/meetings/{row['id']}").json()["version"] for row in failed]
    assert versions == [1, 1]
    one = run(client, "retry", failed[0]["id"], *where, "--json")
    assert (one.exit_code, [row["status"] for row in json.loads(one.stdout)]) == (1, ["failed"])
    client.tenant.put(f"/users/{organizer}", json={"applicationAccessPolicy": True}).raise_for_status()
    every = {row["id"]: row["status"] for row in json.loads(run(client, "retry", *code).stdout)}
    assert [every[row["id"]] for row in failed] == ["succeeded", "succeeded"]
    versions = [client.http.get(f"/meetings/{row['id']}").json()["version"] for row in failed]
    assert versions == [3, 2]


@pytest.mark.parametrize("arguments", [[], ["4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", "--code", "gaveUp"], ["x"]])
def test_what_is_not_said(client: Client, arguments: list[str]) -> None:
    """Which meetings: exit code 2."""
    done = run(client, "retry", *arguments, "--url", client.stack.host.url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
