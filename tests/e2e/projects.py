"""A spec as somebody works on it: a folder, the command with its lock beside the spec, and a stack."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from pyiceberg.table import Table
from pyiceberg.types import StructType

from compiler.cli import main
from tests.bed import Bed, stacks
from tests.compiling import read_template

Row = dict[str, Any]


class Project:
    """Edit `spec` in place, then deploy it; each deploy checks what holds for every evolution."""

    def __init__(self, bed: Bed, folder: Path, spec: dict[str, Any]) -> None:
        self.bed = bed
        self.spec = spec
        self.stack = str(spec["pipeline"])
        (self.namespace,) = spec["namespaces"]
        self.path = folder / "spec.yaml"
        self.out = folder / "out"
        self._catalog = cache(lambda: bed.catalog(self.stack))  # to be asked for once its bucket is there
        self._first: dict[str, tuple[Any, UUID]] = {}

    @property
    def template(self) -> Path:
        """Return the file that was compiled last."""
        return self.out / f"{self.stack}.template.yaml"

    def columns(self, table: str) -> dict[str, Any]:
        """Return the columns of a table of the spec, to be edited."""
        found: dict[str, Any] = self.spec["tables"][table]["columns"]
        return found

    @property
    def lock(self) -> Path:
        """Return the lock, which the compiler keeps beside the spec."""
        return self.path.with_name("spec.lock.json")

    def locked(self) -> dict[str, Any]:
        """Return the lock's entries of the tables."""
        found: dict[str, Any] = json.loads(self.lock.read_text(encoding="utf-8"))["tables"]
        return found

    def write(self) -> str:
        """Write the spec and return its path."""
        plain = json.loads(json.dumps(self.spec))  # else YAML makes aliases of what tables share
        self.path.write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
        return str(self.path)

    def compile(self, *options: str) -> int:
        """Run the compiler as from a terminal and return its exit code; cfn-lint has tests of its own."""
        return main([self.write(), "--out", str(self.out), "--no-lint", "--quiet", *options])

    def deploy(self, *, cli: bool = False) -> dict[str, str]:
        """Compile, deploy, and see that every table is what the lock says; return the outputs."""
        assert self.compile() == 0
        if cli:
            self.bed.client("s3").create_bucket(Bucket=f"{self.stack}-uploads")
            upload = ("--s3-bucket", f"{self.stack}-uploads")
            outputs = self.bed.deploy_with_cli(self.template, self.stack, *upload)
        else:
            outputs = self.bed.deploy(self.template.read_text(encoding="utf-8"), self.stack)
        self.assert_evolved()
        return outputs

    def assert_evolved(self) -> None:
        """Hold every table against the lock; and it, and its resource, against what they were at first."""
        resources = read_template(self.template.read_text(encoding="utf-8"))["Resources"]
        for key, entry in self.locked().items():
            resource, table, current = resources[entry["logical_id"]], self.table(key), entry["current"]
            first = self._first.setdefault(key, (resource, table.metadata.table_uuid))
            assert (resource, table.metadata.table_uuid) == first, f"{key} was or would be replaced"
            wanted = StructType.model_validate({"type": "struct", "fields": current["columns"]})
            assert table.schema().as_struct() == wanted
            assert table.schema().identifier_field_ids == current["identifier"]
            assert [each.model_dump(mode="json", by_alias=True) for each in table.spec().fields] == current[
                "partition"
            ]
            assert [
                each.model_dump(mode="json", by_alias=True) for each in table.sort_order().fields
            ] == current["sort"]
            kept = {name: text for name, text in current["properties"].items() if name != "format-version"}
            assert kept.items() <= table.properties.items()

    def change_set(self, name: str) -> str:
        """Compile and make a change set, which nobody executes yet; return its ARN."""
        assert self.compile() == 0
        s3, cloudformation = self.bed.client("s3"), self.bed.client("cloudformation")
        made = cloudformation.create_change_set(
            StackName=self.stack,
            ChangeSetName=name,
            **stacks.body(s3, self.bed.url, self.template.read_text(encoding="utf-8")),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        cloudformation.get_waiter("change_set_create_complete").wait(
            ChangeSetName=made["Id"], WaiterConfig={"Delay": 1}
        )
        return str(made["Id"])

    def table(self, name: str) -> Table:
        """Load a table."""
        found: Table = self._catalog().load_table(f"{self.namespace}.{name}")
        return found

    def rows(self, table: str) -> list[Row]:
        """Return all rows by pyiceberg, in the order of their `id`."""
        found = self.table(table).scan().to_arrow().to_pylist()
        return sorted(found, key=lambda row: row["id"] or "")

    def texts(self, table: str, columns: Iterable[str]) -> list[tuple[str | None, ...]]:
        """Return columns of all rows by SQL."""
        first, *others = columns
        query = f"SELECT {', '.join([first, *others])} FROM {table} ORDER BY {first}"
        return self.bed.sql(query, self.stack, self.namespace)
