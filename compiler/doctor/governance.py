"""Who governs the account's tables, and who serves the custom resources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compiler.account import ACCOUNT_STACK
from compiler.doctor.account import look_up
from compiler.doctor.finding import Verdict, fine, wrong
from compiler.doctor.subject import Subject
from compiler.provider import ACCOUNT_FUNCTION, stack_function

# Lake Formation API reference, API_DataLakeSettings.html: DataLakeAdmins.
_ADMINISTRATORS = 30
_EVERYBODY = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
_DEFAULTS = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")


def integration(subject: Subject) -> Verdict:
    """Look for the catalog s3tablescatalog, and whether its mode is the spec's.

    Lake Formation developer guide, create-s3-tables-catalog.html: what new databases and tables
    permit by default is the mode.
    """
    wanted = subject.model.access
    answer = look_up(subject.account.client("glue").get_catalog, CatalogId="s3tablescatalog")
    if answer is None:
        return wrong("the account has no catalog s3tablescatalog in this Region", *_account_stack(wanted))
    governed = _mode(answer["Catalog"])
    if governed == wanted:
        return fine(f"s3tablescatalog is there, governed by {governed}")
    message = (
        f"s3tablescatalog is governed by {governed or 'neither of the two modes'}, the spec says {wanted}"
    )
    own = (f"write access: {governed} in the spec",) if governed else ()
    return wrong(message, *own, "docs/account.md says what a switch takes away, and how to do it")


def registration(subject: Subject) -> Verdict:
    """Look whether Lake Formation may reach the data of the Region's table buckets."""
    location = subject.account.where.arn("s3tables", "bucket/*")
    client = subject.account.client("lakeformation")
    answer = look_up(client.describe_resource, ResourceArn=location)
    if answer is None:
        message = f"{location} is not registered with Lake Formation"
        return wrong(message, *_account_stack("lake_formation"))
    role = answer["ResourceInfo"].get("RoleArn", "")
    if not answer["ResourceInfo"].get("WithFederation"):
        message = f"{location} is registered without federation: nobody can read a table"
        return wrong(message, _update(location, role))
    if not _role_exists(subject, role):
        message = f"{location} is registered with the role {role}, which is gone: nobody can read a table"
        return wrong(message, *_account_stack("lake_formation"), _update(location, "DATA_ACCESS_ROLE"))
    return fine(f"table buckets are registered, with {role}")


def administrators(subject: Subject) -> Verdict:
    """Look whether the list of data lake administrators can take the stack's provider."""
    admins = _admins(subject)
    own = subject.account.where.arn("iam", f"role/{stack_function(subject.model.stack)}")
    gone = [admin for admin in admins if admin != own and not _role_exists(subject, admin)]
    if gone:
        message = (
            f"{', '.join(gone)} is a data lake administrator and gone: no change of the list is accepted"
        )
        return wrong(
            message,
            "aws lakeformation get-data-lake-settings --query DataLakeSettings > settings.json",
            "take it out of the file",
            "aws lakeformation put-data-lake-settings --data-lake-settings file://settings.json",
        )
    if own not in admins and len(admins) >= _ADMINISTRATORS:
        message = f"there are {len(admins)} data lake administrators already, and AWS takes {_ADMINISTRATORS}"
        return wrong(message, "write provider: account in the spec, and deploy the account stack")
    return fine(f"there are {len(admins)} data lake administrators of {_ADMINISTRATORS}")


def shared_provider(subject: Subject) -> Verdict:
    """Look for the account stack's function, and whether it may grant."""
    access = subject.model.access
    client = subject.account.client("lambda")
    function = look_up(client.get_function_configuration, FunctionName=ACCOUNT_FUNCTION)
    if function is None:
        message = f"the account has no function '{ACCOUNT_FUNCTION}' in this Region"
        return wrong(message, *_account_stack(access))
    if access == "lake_formation" and function["Role"] not in _admins(subject):
        message = f"the role of '{ACCOUNT_FUNCTION}' is no data lake administrator: it cannot grant"
        return wrong(message, *_account_stack(access))
    return fine(f"'{ACCOUNT_FUNCTION}' serves this account")


def _mode(catalog: dict[str, Any]) -> str:
    """Return who governs a catalog; nothing where its defaults are of neither mode."""
    defaults: list[Iterable[dict[str, Any]]] = [catalog.get(each) or () for each in _DEFAULTS]
    if not any(defaults):
        return "lake_formation"
    all_for_everybody = [
        any(each["Principal"] == _EVERYBODY and "ALL" in each["Permissions"] for each in default)
        for default in defaults
    ]
    return "iam" if all(all_for_everybody) else ""


def _admins(subject: Subject) -> list[str]:
    settings = subject.account.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    return [each["DataLakePrincipalIdentifier"] for each in settings.get("DataLakeAdmins") or ()]


def _role_exists(subject: Subject, arn: str) -> bool:
    """Look for a role of this account; what is not one is taken to exist."""
    ours = subject.account.where.arn("iam", "role/")
    if not arn.startswith(ours) or "/aws-service-role/" in arn:
        return True
    name = arn.rpartition("/")[2]
    return look_up(subject.account.client("iam").get_role, RoleName=name) is not None


def _account_stack(access: str) -> tuple[str, str]:
    template = f"out/{ACCOUNT_STACK}.template.yaml"
    deploy = f"aws cloudformation deploy --template-file {template} --stack-name {ACCOUNT_STACK}"
    return f"analytics-compile account --access {access}", f"{deploy} --capabilities CAPABILITY_NAMED_IAM"


def _update(location: str, role: str) -> str:
    of = f"--resource-arn '{location}' --role-arn {role}"
    return f"aws lakeformation update-resource {of} --with-federation"
