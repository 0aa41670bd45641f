"""The rules that hold for every test: a quick one starts no process, and in CI none is skipped."""

import pytest

RULES = """
from tests.conftest import pytest_collection_modifyitems, pytest_make_collect_report, pytest_runtest_makereport
from tests.conftest import pytest_runtest_protocol
"""


@pytest.fixture
def rules(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder of tests for which the rules hold.

    Without the plugins that take a second each time: one is imported, one collects the garbage of the whole suite.
    """
    pytester.makeconftest(RULES)
    options = ["markers = slow", "asyncio_default_fixture_loop_scope = function"]
    pytester.makeini("\n".join(["[pytest]", *options, "addopts = -p no:schemathesis -p no:unraisableexception"]))
    return pytester


@pytest.mark.parametrize(
    ("test", "in_ci"),
    [
        ("@pytest.mark.skip(reason='no browser')\ndef test(): pass", {"errors": 1}),
        ("def test(): pytest.skip('no browser')", {"failed": 1}),
        ("pytest.skip('no browser', allow_module_level=True)", {"errors": 1}),
    ],
    ids=["by a mark", "in the test", "the whole file"],
)
def test_a_skipped_test_fails_in_ci(
    rules: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, test: str, in_ci: dict[str, int]
) -> None:
    """It passes as skipped on a laptop; in CI the reason is in the failure."""
    rules.makepyfile(f"import pytest\n{test}")
    monkeypatch.delenv("CI", raising=False)
    rules.runpytest_inprocess().assert_outcomes(skipped=1)
    monkeypatch.setenv("CI", "true")
    result = rules.runpytest_inprocess()
    result.assert_outcomes(**in_ci)
    result.stdout.fnmatch_lines(["*A test that is skipped in CI proves nothing.*no browser*"])


def test_an_expected_failure_is_no_skip(rules: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is run."""
    rules.makepyfile("import pytest\n@pytest.mark.xfail\ndef test(): raise AssertionError")
    monkeypatch.setenv("CI", "true")
    rules.runpytest_inprocess().assert_outcomes(xfailed=1)


@pytest.mark.slow  # one of the tests inside starts a process
def test_only_a_slow_test_starts_a_process(rules: pytest.Pytester) -> None:
    """The others fail and say what to do; slow tests come first."""
    rules.makepyfile(
        """
        import subprocess, sys
        import pytest

        @pytest.fixture(scope="session")
        def process(): return subprocess.run([sys.executable, "-c", ""], check=True)

        def test_quick(): subprocess.run([sys.executable, "-c", ""], check=True)

        def test_quick_itself(process): pass

        @pytest.mark.slow
        def test_slow(): subprocess.run([sys.executable, "-c", ""], check=True)
        """
    )
    result = rules.runpytest_inprocess("-v")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*::test_slow PASSED*", "*::test_quick FAILED*"])
    result.stdout.fnmatch_lines(["*mark it with pytest.mark.slow*"])
    rules.runpytest_inprocess("-m", "not slow").assert_outcomes(failed=1, errors=1, deselected=1)
