"""Start moto with one fault of its Lake Formation mended; `servers.start_moto` runs this file.

moto 5.2.5 keeps grants in a set and hashes each by its permissions. A second grant to the same
principal adds to them, the set no longer finds the entry, and revoking any of it ends in HTTP 500.
"""

from __future__ import annotations

import json
from unittest import mock

from moto.lakeformation import models
from moto.server import main


class Grant(models.Permission):
    """A grant that is found by what never changes about it."""

    def __hash__(self) -> int:
        return hash(json.dumps([self.principal, self.resource]))


if __name__ == "__main__":
    with mock.patch.object(models, "Permission", Grant):
        main()
