"""What the provider does to an account, and what it finds there; and the account as it is afterwards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.lambdas.provider.cloud import ACCOUNT, ROLE, Cloud, Context, Table

Json = dict[str, Any]

ADMINISTRATOR, LINK, GRANTS, SCHEMA = (
    "LakeFormationAdministrator",
    "GlueResourceLink",
    "LakeFormationGrants",
    "IcebergTableSchema",
)
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:role/web-analytics-ingest"
CATALOG = f"{ACCOUNT}:s3tablescatalog/web-analytics"
TABLE = {"Table": {"CatalogId": CATALOG, "DatabaseName": "analytics", "Name": "events"}}

LINK_OLD = {"Name": "web_analytics", "Bucket": "web-analytics", "Namespace": "analytics"}
LINK_NEW = {**LINK_OLD, "Name": "traffic"}
LINK_MOVED = {**LINK_OLD, "Namespace": "other"}


def grants(*grants: Json, principal: str = PRINCIPAL) -> Json:
    """Make the properties of a grants resource."""
    texts = [json.dumps(grant) for grant in grants]
    return {"Principal": principal, "Bucket": "web-analytics", "Grants": texts}


NAMESPACE = {"namespace": "analytics", "permissions": ["DESCRIBE"]}
EVENTS = {"namespace": "analytics", "table": "events", "permissions": ["SELECT", "INSERT"]}
GRANTS_OLD = grants(NAMESPACE, EVENTS)
GRANTS_NEW = grants({**EVENTS, "permissions": ["SELECT", "ALTER"]})

COLUMNS_OLD = [
    {"id": 1, "name": "a", "required": True, "type": "int"},
    {"id": 2, "name": "b", "required": False, "type": "string"},
]
COLUMNS_NEW = [
    {"id": 1, "name": "key", "required": False, "type": "long"},
    {"id": 3, "name": "c", "required": False, "type": "string"},
]
SPREAD = {"source-id": 1, "field-id": 1000, "name": "key_bucket", "transform": "bucket[4]"}


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a test could find changed: in Lake Formation, in Glue, and of the table."""

    settings: Json
    links: dict[str, Json | None]
    permissions: frozenset[tuple[str, str, str, bool]]
    table: Json


def look(cloud: Cloud, table: Table | None = None) -> World:
    """Take down the account as it is."""
    settings = cloud.lakeformation.get_data_lake_settings()["DataLakeSettings"]
    links = {each["Name"]: each.get("TargetDatabase") for each in cloud.glue.get_databases()["DatabaseList"]}
    return World(settings, links, frozenset(cloud.permissions()), _shape(table) if table else {})


def _shape(table: Table) -> Json:
    """Take down what of a table is in use; what it was before depends on the way."""
    metadata = table.metadata()
    (schema,) = (each for each in metadata["schemas"] if each["schema-id"] == metadata["current-schema-id"])
    (spec,) = (each for each in metadata["partition-specs"] if each["spec-id"] == metadata["default-spec-id"])
    return {
        "columns": schema["fields"],
        "partition": spec["fields"],
        "last": metadata["last-column-id"],
        "schemas": len(metadata["schemas"]),
    }


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing the provider does, from what it was told before to what it is told now."""

    name: str
    kind: str
    old: Json | None = None
    new: Json | None = None
    administrator: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def action(self) -> str:
        """What CloudFormation asks for."""
        return "Delete" if self.new is None else "Create" if self.old is None else "Update"

    def prepared(self, cloud: Cloud) -> Stage:
        """Make an account with others in it, whose entries must stay, and with what is our own."""
        cloud.reset()
        admins = [OTHER, ROLE] if self.administrator else [OTHER]
        cloud.lakeformation.put_data_lake_settings(
            CatalogId=ACCOUNT,
            DataLakeSettings={
                "DataLakeAdmins": [{"DataLakePrincipalIdentifier": each} for each in admins],
                "Parameters": {"CROSS_ACCOUNT_VERSION": "4"},
            },
        )
        held = ((PRINCIPAL, "DESCRIBE"), (PRINCIPAL, "SELECT", "INSERT")) if self.old == GRANTS_OLD else ()
        for principal, *permissions in ((OTHER, "SELECT"), (PRINCIPAL, "DROP"), *held):
            resource = {"Database": {"CatalogId": CATALOG, "Name": "analytics"}}
            cloud.lakeformation.grant_permissions(
                CatalogId=ACCOUNT,
                Principal={"DataLakePrincipalIdentifier": principal},
                Resource=resource if permissions == ["DESCRIBE"] else TABLE,
                Permissions=permissions,
            )
        if self.kind == LINK and self.old:
            target = {"CatalogId": CATALOG, "DatabaseName": self.old["Namespace"]}
            database = {"Name": self.old["Name"], "TargetDatabase": target}
            cloud.glue.create_database(CatalogId=ACCOUNT, DatabaseInput=database)
        if self.kind != SCHEMA:
            return Stage(cloud, self, self.old or {}, self.new or {})
        table = cloud.table(COLUMNS_OLD)
        old, new = table.target(COLUMNS_OLD), table.target(COLUMNS_NEW, PartitionFields=[SPREAD])
        cloud.script.clear()
        return Stage(cloud, self, old if self.old is not None else {}, new, table)


@dataclass(frozen=True, slots=True)
class Stage:
    """A scenario about to be played."""

    cloud: Cloud
    scenario: Scenario
    old: Json
    new: Json
    table: Table | None = None

    def event(self) -> Json:
        """Make the event of CloudFormation."""
        if self.scenario.action == "Update":
            return self.cloud.event("Update", self.scenario.kind, self.new, OldResourceProperties=self.old)
        properties = self.old if self.scenario.action == "Delete" else self.new
        return self.cloud.event(self.scenario.action, self.scenario.kind, properties)

    def act(self, context: Context | None = None) -> Json:
        """Have the provider do it, and return its one answer."""
        return self.cloud.send(self.event(), context)

    def back(self) -> Json:
        """Have the provider take it back, as CloudFormation's rollback of an update does."""
        return self.cloud.update(self.scenario.kind, self.new, self.old)

    def look(self) -> World:
        """Take down the account as it is."""
        return look(self.cloud, self.table)


SCENARIOS = [
    Scenario("administrator created", ADMINISTRATOR, new={}, administrator=False),
    Scenario("administrator deleted", ADMINISTRATOR, old={}),
    Scenario("link created", LINK, new=LINK_OLD),
    Scenario("link renamed", LINK, LINK_OLD, LINK_NEW),
    Scenario("link moved", LINK, LINK_OLD, LINK_MOVED),
    Scenario("link deleted", LINK, old=LINK_OLD),
    Scenario("grants created", GRANTS, new=GRANTS_OLD),
    Scenario("grants updated", GRANTS, GRANTS_OLD, GRANTS_NEW),
    Scenario("grants deleted", GRANTS, old=GRANTS_OLD),
    Scenario("table created", SCHEMA, new={}),
    Scenario("table evolved", SCHEMA, {}, {}),
]
