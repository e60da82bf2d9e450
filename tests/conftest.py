"""Fixtures that more than one test folder needs."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.bed import Bed

_BEDS = ("bed", "auth_bed")

# The same few inputs in every run; `--hypothesis-profile long` looks for new ones.
settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True, database=None)
settings.register_profile("long", max_examples=20_000, deadline=None)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites expected files."""
    parser.addoption(
        "--update-golden", action="store_true", help="write what the compiler makes over what was expected"
    )


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Say whether expected files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session", autouse=True)
def no_account() -> Iterator[None]:
    """Keep every test away from the developer's own AWS account, and loopback calls out of a proxy."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        patch.setenv("no_proxy", "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="session")
def bed(no_account: None) -> Iterator[Bed]:
    """Start the test bed once; under pytest-xdist, once a worker."""
    with Bed() as started:
        yield started


@pytest.fixture(scope="session")
def auth_bed(no_account: None) -> Iterator[Bed]:
    """Start a test bed that evaluates IAM policies."""
    with Bed(auth=True) as started:
        yield started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a bed, so that `-m 'not bed'` runs the quick ones alone."""
    for item in items:
        if set(_BEDS) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.bed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the servers' own words beside a test that failed on a bed."""
    report = yield
    if report.failed:
        used = getattr(item, "funcargs", {})
        report.sections += [(f"log of {name}", used[name].log()) for name in _BEDS if name in used]
    return report
