"""A first deploy that fails leaves the account as it was, and says why it failed."""

from __future__ import annotations

import pytest

from tests.bed import Bed, DeployFailed
from tests.e2e.account import databases, grants, physical, settings
from tests.e2e.conftest import Neighbours
from tests.e2e.pipelines import with_roles_alone

STACK = "unlucky-analytics"
LINK = "unlucky_analytics_analytics"


@pytest.fixture
def failed(bed: Bed, neighbours: Neighbours) -> DeployFailed:
    """Deploy where a database of somebody else has the link's name."""
    bed.client("glue").create_database(DatabaseInput={"Name": LINK, "Description": "of somebody else"})
    with pytest.raises(DeployFailed) as failure:
        bed.deploy(with_roles_alone(STACK), STACK)
    return failure.value


def test_a_failed_first_deploy_leaves_nothing_and_can_be_repeated(
    bed: Bed, neighbours: Neighbours, failed: DeployFailed
) -> None:
    assert failed.outcome == "ROLLBACK_COMPLETE"
    (reason,) = [each for each in failed.reasons if each.startswith("AnalyticsLink CREATE_FAILED")]
    assert f"the name '{LINK}' is taken by a database" in reason
    assert "give the link another name" in reason

    # The database is not ours; of ours there is nothing, though the spec retains its bucket and tables.
    assert physical(bed, STACK) == {"databases": [LINK]}
    assert databases(bed)[LINK] is None
    assert grants(bed) == neighbours.grants
    assert settings(bed) == neighbours.settings

    bed.client("glue").delete_database(Name=LINK)
    bed.delete(STACK)
    bed.deploy(with_roles_alone(STACK), STACK)
    assert databases(bed)[LINK]["DatabaseName"] == "analytics"
    bed.delete(STACK)
