"""Serve the resource that an account needs once in a Region: the integration of its table buckets.

The compiler appends this to the provider's source, which answers CloudFormation; so the one function
of the account serves its own stack as well as the pipelines.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from lambdas.provider.index import KINDS, Clock, Json, Refused, Request

CATALOG = "s3tablescatalog"
DEFAULTS = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")
EVERYBODY = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}


def integration(request: Request, clock: Clock, glue: Any, lakeformation: Any) -> Json:
    """Show the Region's table buckets in the Glue catalog, or adopt what does.

    The mode is looked at before anything is changed: to register the buckets while IAM governs
    would take access away from everybody without a Lake Formation permission. Delete does nothing,
    because the integration serves every table bucket of the account.
    https://docs.aws.amazon.com/lake-formation/latest/dg/create-s3-tables-catalog.html
    """
    if request.action == "Delete":
        return {"Note": f"{CATALOG} and its registration stay: every table is read through them"}
    access, partition = request.new["Access"], request.role.split(":")[1]
    location = f"arn:{partition}:s3tables:{glue.meta.region_name}:{request.account}:bucket/*"
    clock.retry(functools.partial(catalog, glue, access, location, make=False))
    steps = []
    if access == "lake_formation":
        known = functools.partial(registration, lakeformation, location, request.new["RoleArn"])
        # Its role is seconds old, and what Lake Formation says of such a one is not documented.
        steps.append(clock.retry(known, bound=60))
    steps.append(clock.retry(functools.partial(catalog, glue, access, location, make=True)))
    return {"Note": "; ".join(steps)}


def catalog(glue: Any, access: str, location: str, make: bool) -> str:
    """Adopt the catalog where it is what was asked for, or make it."""
    try:
        found = glue.get_catalog(CatalogId=CATALOG)["Catalog"]
    except glue.exceptions.EntityNotFoundException:
        if not make:
            return f"{CATALOG} is not there"
        glue.create_catalog(Name=CATALOG, CatalogInput=catalog_input(access, location))
        return f"{CATALOG} made"
    federated = found.get("FederatedCatalog") or {}
    if (federated.get("ConnectionName"), federated.get("Identifier")) != ("aws:s3tables", location):
        raise Refused(f"the catalog {CATALOG} is not the one of {location}, but of {json.dumps(federated)}")
    governed = mode(found)
    if governed != access:
        raise Refused(
            f"{CATALOG} is governed by {governed}, and {access} was asked for. A switch takes all access of "
            "the other kind from everybody in this account and Region, so it is not done here. Ask for the "
            f"other mode, or switch by hand and deploy again: {switch(access, location)}"
        )
    return f"{CATALOG} was there"


def catalog_input(access: str, location: str) -> Json:
    """Describe the catalog; what new databases and tables in it permit by default is its mode."""
    permitted = [{"Principal": EVERYBODY, "Permissions": ["ALL"]}] if access == "iam" else []
    return {
        "FederatedCatalog": {"Identifier": location, "ConnectionName": "aws:s3tables"},
        **dict.fromkeys(DEFAULTS, permitted),
        "AllowFullTableExternalDataAccess": "True",
    }


def mode(found: Json) -> str:
    """Tell who governs a catalog, by what it permits by default."""
    permitted = [
        {
            permission
            for each in found.get(default) or []
            if each.get("Principal") == EVERYBODY
            for permission in each["Permissions"]
        }
        for default in DEFAULTS
    ]
    if not any(found.get(default) for default in DEFAULTS):
        return "lake_formation"
    return "iam" if all("ALL" in each for each in permitted) else "a mixture of iam and lake_formation"


def switch(access: str, location: str) -> str:
    """Give the commands that switch the mode.

    https://docs.aws.amazon.com/lake-formation/latest/dg/change-access-iam-to-lf.html
    """
    changed = {**catalog_input(access, location), "OverwriteChildResourcePermissionsWithDefault": "Accept"}
    update = f"aws glue update-catalog --catalog-id {CATALOG} --catalog-input '{json.dumps(changed)}'"
    where = f"--resource-arn '{location}'"
    if access == "iam":
        return f"{update} && aws lakeformation deregister-resource {where}"
    register = f"aws lakeformation register-resource {where} --with-federation --role-arn ROLE"
    return f"{register} && {update} (ROLE: one that Lake Formation may assume, see docs/account.md)"


def registration(lakeformation: Any, location: str, role: str) -> str:
    """Adopt the registration of the Region's table buckets, or make it."""
    try:
        found = lakeformation.describe_resource(ResourceArn=location)["ResourceInfo"]
    except lakeformation.exceptions.EntityNotFoundException:
        lakeformation.register_resource(ResourceArn=location, RoleArn=role, WithFederation=True)
        return f"{location} registered"
    if not found.get("WithFederation"):
        raise Refused(
            f"{location} is registered without federation, so nobody can read a table through {CATALOG}. "
            "Switch that on and deploy again: aws lakeformation update-resource --with-federation "
            f"--resource-arn '{location}' --role-arn {found['RoleArn']}"
        )
    own = found["RoleArn"] == role
    return f"{location} was registered" + ("" if own else f", with {found['RoleArn']}, which stays in use")


KINDS["Custom::S3TablesIntegration"] = (integration, ("glue", "lakeformation"))
