"""Run moto's server with two faults of its Lake Formation mended, which AWS does not have.

A grant on a resource that the principal holds already changes the hash of an entry that is kept in
a set, so that a later revocation ends in a KeyError (HTTP 500); and batches read the grant option
from a key that the API does not have. `servers.start_moto` runs this file.
"""

from __future__ import annotations

import json
import sys

from moto.lakeformation.models import LakeFormationBackend, Permission
from moto.server import main

_OPTION = "PermissionsWithGrantOption"


def _batch(operation: str) -> object:
    original = getattr(LakeFormationBackend, operation)

    def mended(backend: LakeFormationBackend, catalog_id: str, entries: list[dict[str, object]]) -> None:
        renamed = [{**entry, f"{_OPTION}s": entry.get(_OPTION)} for entry in entries]
        original(backend, catalog_id=catalog_id, entries=renamed)

    return mended


def _stable_hash(permission: Permission) -> int:
    return hash(json.dumps([permission.principal, permission.resource], sort_keys=True))


def mend() -> None:
    """Mend moto in this process."""
    type.__setattr__(Permission, "__hash__", _stable_hash)
    for operation in ("batch_grant_permissions", "batch_revoke_permissions"):
        setattr(LakeFormationBackend, operation, _batch(operation))


if __name__ == "__main__":
    mend()
    main(sys.argv[1:])
