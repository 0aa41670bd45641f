"""What stands around the app: a proxy in front of it, storage and Graph behind it."""

import os

from local.processes import running_stack
from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import clients


def test_proxies_and_outages() -> None:
    """A trusted proxy's name is in every URL, another's in none; a Graph that is gone is seen by a deep look only."""
    with running_stack(os.environ | {"TRUSTED_HOSTS": "api.contoso.com"}) as stack, clients(stack) as client:
        proxied = {"X-Forwarded-Host": "api.contoso.com", "X-Forwarded-Proto": "https"}
        forged = {"Forwarded": "host=evil.example;proto=https", "X-Forwarded-Host": "evil.example"}
        answer = client.post(CALENDAR, **proxied)
        meeting = answer.json()["id"]
        assert answer.headers["location"] == f"https://api.contoso.com/api/meetings/{meeting}"
        patched = client.http.patch(f"/meetings/{meeting}", json={"subject": "Other"}, headers=proxied)
        assert patched.headers["location"] == f"https://api.contoso.com/api/meetings/{meeting}"
        batch = client.http.post("/meetings/batch", json={"meetings": [{"request": STANDALONE}]}, headers=proxied)
        assert batch.json()["results"][0]["location"].startswith("https://api.contoso.com/api/meetings/")
        assert client.post(CALENDAR, **forged).headers["location"].startswith(f"{client.http.base_url}meetings/")
        client.finished(f"/meetings/{meeting}")
        stack.graph.stop()
        deep = client.http.get("/health/deep")
        assert (deep.status_code, deep.json()["code"]) == (503, "notHealthy")
        assert (deep.json()["storage"], deep.json()["graph"]) == (True, False)
        assert deep.headers["retry-after"]
        assert client.http.get("/health").status_code == 200
