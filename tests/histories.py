"""A table that changes at random, as far as no row is lost, and the spec that says so each time.

It knows the rules by itself, in the terms of the Iceberg spec, and so foretells which consents a
step needs and that the compiler accepts it. Every field has a number of its own here (`uid`), by
which the ids can be checked that the compiler gives out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

Choice = TypeVar("Choice")

NAMES = "abcdefgh"
PRIMITIVES = (
    *("boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz", "string"),
    *("uuid", "binary", "fixed(8)", "decimal(9,2)", "decimal(10,2)", "decimal(12,2)", "decimal(9,0)"),
)
WIDER = {
    "int": "long",
    "float": "double",
    "decimal(9,2)": "decimal(10,2)",
    "decimal(10,2)": "decimal(12,2)",
}
_NUMBERS = ("int", "long", "string", "decimal(9,2)", "decimal(10,2)", "decimal(12,2)", "decimal(9,0)")
_TIMES = ("timestamp", "timestamptz")


@dataclass(eq=False)
class Node:
    """A column, a field of a struct, or the inside of a list or map."""

    uid: int
    name: str
    kind: str
    """A primitive type, or `struct`, `list` or `map`."""
    inside: list[Node] = field(default_factory=list)
    required: bool = False
    doc: str = ""
    accepted_name: str | None = None
    """The name in the spec before, if it was there."""

    @property
    def type(self) -> str:
        """Return the type as a spec writes it."""
        if self.kind == "struct":
            return f"struct<{', '.join(f'{each.name}: {each.marked}' for each in self.inside)}>"
        if self.kind == "list":
            return f"list<{self.inside[0].marked}>"
        if self.kind == "map":
            return f"map<{self.inside[0].type}, {self.inside[1].marked}>"
        return self.kind

    @property
    def marked(self) -> str:
        """Return the type as it is written inside of another one."""
        return self.type + "!" * self.required


@dataclass(frozen=True)
class Site:
    """A place that has named fields: the table (0) or a struct at any depth."""

    uid: int
    path: str
    fields: list[Node]


@dataclass(frozen=True)
class Step:
    """A spec, the same without consent, and which consents it has."""

    spec: str
    without_consent: str
    consents: frozenset[str]


class RandomTable:
    """One table on its way, by what Hypothesis draws."""

    def __init__(self, data: st.DataObject) -> None:
        self._draw = data.draw
        self._uids = itertools.count(1)
        self.columns: list[Node] = []
        self.partition: list[tuple[Node, str]] = []
        self.sort: list[tuple[Node, str]] = []
        self.identifier: list[Node] = []
        self.properties: dict[str, str] = {}
        self.key, self.former_key = "t0", ""
        self.namespace = "sales"
        # What was accepted: which field ever had a name, in its struct; what ever was laid out by which.
        self._names: dict[tuple[int, str], set[int]] = {}
        self._partitioned: set[int] = set()
        self._sorted: set[int] = set()
        self._by_value: set[str] = set()
        self._identified: set[int] = set()
        self._dropped: list[tuple[Site, Node]] = []
        for _ in range(self._pick(range(1, 5))):
            self.columns.append(
                self._node(self._new_name(self.columns, 0), 0, required=self._pick([False, True]))
            )
        self._identify()
        self._part()
        self._order()

    def change(self) -> None:
        """Do one thing to the table that loses nothing, or only with consent."""
        self._pick(
            [
                self._add,
                self._add,
                self._drop,
                self._rename,
                self._widen,
                self._relax,
                self._reorder,
                self._document,
                self._identify,
                self._part,
                self._order,
                self._rename_table,
                self._set_property,
            ]
        )()

    def spoil(self) -> str:
        """Do one thing that is refused, or may be; return the code of the rule, if any forbids it."""
        return self._pick([self._retype, self._require, self._add_required, self._drop_used])()

    def step(self) -> Step:
        """Return the spec as the table is now."""
        paths = {site.uid: site.path for site in self._sites()}
        drops = [paths[site.uid] + str(node.accepted_name) for site, node in self._dropped]
        reuses = [
            site.path + node.name
            for site in self._sites()
            for node in site.fields
            if node.name != node.accepted_name and self._names.get((site.uid, node.name), set()) - {node.uid}
        ]
        kinds = {"drop_column": drops, "reuse_name": reuses}
        consents = frozenset(kind for kind, names in kinds.items() if names)
        allow = "".join(f"      {kind}: {{names: {kinds[kind]}, reason: r}}\n" for kind in sorted(consents))
        plain = self._spec()
        return Step(plain + (f"    allow:\n{allow}" if allow else ""), plain, consents)

    def accept(self) -> None:
        """Note that the compiler has accepted the table as it is now."""
        self._dropped.clear()
        self.former_key = ""
        for site in self._sites():
            for node in site.fields:
                node.accepted_name = node.name
                self._names.setdefault((site.uid, node.name), set()).add(node.uid)
        self._partitioned |= {node.uid for node, _ in self.partition}
        self._sorted |= {node.uid for node, _ in self.sort}
        self._by_value |= {node.name for node, transform in self.partition if transform == "identity"}
        self._identified = {node.uid for node in self.identifier}

    def uids(self) -> list[int]:
        """Return the number of every field, nested ones too, in the order of `iceberg.named_ids`."""
        return [node.uid for column in self.columns for node in _walk(column)]

    def _spec(self) -> str:
        lines = [f"    namespace: {self.namespace}"]
        lines += [f"    was: {self.former_key}"] if self.former_key else []
        lines += ["    columns:", *(f"      {column.name}: {_entry(column)}" for column in self.columns)]
        partition = [f'"{_term(transform, node)}"' for node, transform in self.partition]
        sort = [f'"{node.name} {direction}"' for node, direction in self.sort]
        lines += [f"    partition: [{', '.join(partition)}]", f"    sort: [{', '.join(sort)}]"]
        lines += [f"    identifier: [{', '.join(node.name for node in self.identifier)}]"]
        lines += [f"    properties: {self.properties}"] if self.properties else []
        return f"{WITHOUT}  {self.key}:\n" + "\n".join(lines) + "\n"

    # What may be done

    def _add(self) -> None:
        site = self._pick(self._sites())
        name = self._new_name(site.fields, site.uid)
        if name:
            site.fields.insert(self._pick(range(len(site.fields) + 1)), self._node(name, 0, required=False))

    def _drop(self) -> None:
        site = self._pick(self._sites())
        node = self._pick(site.fields)
        used = self._partitioned | self._sorted | self._identified
        used |= {each.uid for each, _ in (*self.partition, *self.sort)} | {
            each.uid for each in self.identifier
        }
        # Somebody else with its name would be taken for it.
        heir = any(each.name == node.accepted_name for each in site.fields if each is not node)
        if len(site.fields) == 1 or heir or used & {each.uid for each in _walk(node)}:
            return
        site.fields.remove(node)
        # What went with its struct needs no consent of its own.
        inner = {each.uid for each in _walk(node)}
        self._dropped = [each for each in self._dropped if each[0].uid not in inner]
        if node.accepted_name:
            self._dropped.append((site, node))

    def _rename(self) -> None:
        node = self._pick(self.columns)
        name = self._new_name(self.columns, 0)
        if name and not self._looks_done(node, name):
            node.name = name

    def _widen(self) -> None:
        nodes = [node for node in self._nodes() if node.kind in WIDER]
        partitioned = self._partitioned | {node.uid for node, _ in self.partition}
        nodes = [node for node in nodes if node.kind != "float" or node.uid not in partitioned]
        if nodes:
            node = self._pick(nodes)
            node.kind = WIDER[node.kind]

    def _relax(self) -> None:
        needed = {node.uid for node in self.identifier}
        nodes = [node for node in self._nodes() if node.required and node.uid not in needed]
        if nodes:
            self._pick(nodes).required = False

    def _reorder(self) -> None:
        fields = self._pick(self._sites()).fields
        fields.insert(self._pick(range(len(fields))), fields.pop(self._pick(range(len(fields)))))

    def _document(self) -> None:
        self._pick(self.columns).doc = self._pick(["", "one", 'tw"o', "é"])

    def _identify(self) -> None:
        plain = [node for node in self.columns if node.required and not node.inside]
        self.identifier = self._some([node for node in plain if node.kind not in ("float", "double")])

    def _part(self) -> None:
        plain = [node for node in self.columns if not node.inside]
        self.partition = [(node, self._pick(_transforms(node.kind))) for node in self._some(plain)]

    def _order(self) -> None:
        plain = [node for node in self.columns if not node.inside]
        self.sort = [(node, self._pick(["asc", "desc nulls first"])) for node in self._some(plain)]

    def _rename_table(self) -> None:
        if self._pick([True, False]):
            self.namespace = self._pick(["sales", "archive"])
        elif not self.former_key:
            self.key, self.former_key = f"t{int(self.key[1:]) + 1}", self.key

    def _set_property(self) -> None:
        name = self._pick("pq")
        if not self.properties.pop(name, ""):
            self.properties[name] = self._pick(["x", "y"])

    # What may not

    def _retype(self) -> str:
        laid_out = {node.uid for node, _ in (*self.partition, *self.sort)} | self._identified
        nodes = [node for column in self.columns for node in _walk(column)]
        nodes = [node for node in nodes if not node.inside and node.uid not in laid_out]
        if not nodes:
            return ""
        node = self._pick(nodes)
        old, node.kind = node.kind, self._pick(PRIMITIVES)
        if node.kind == old:
            return ""
        if node.name == "key":
            return "AC4005"
        if _widens(old, node.kind):
            return "AC4010" if old == "float" and node.uid in self._partitioned else ""
        return "AC4002" if _widens(node.kind, old) else "AC4003"

    def _require(self) -> str:
        nodes = [node for node in self._nodes() if not node.required]
        if not nodes:
            return ""
        self._pick(nodes).required = True
        return "AC4004"

    def _add_required(self) -> str:
        site = self._pick(self._sites())
        site.fields.append(self._node("z", 2, required=True))
        return "AC4001"

    def _drop_used(self) -> str:
        used = self._identified | self._partitioned | self._sorted
        nodes = [node for node in self.columns if node.uid in used]
        if not nodes or len(self.columns) == 1:
            return ""
        node = self._pick(nodes)
        self.columns.remove(node)
        self.partition = [each for each in self.partition if each[0] is not node]
        self.sort = [each for each in self.sort if each[0] is not node]
        self.identifier = [each for each in self.identifier if each is not node]
        self._dropped.append((Site(0, "", self.columns), node))
        return "AC4007"

    # Where, and with what

    def _pick(self, choices: Sequence[Choice]) -> Choice:
        return choices[self._draw(st.integers(0, len(choices) - 1))]

    def _some(self, nodes: Sequence[Node]) -> list[Node]:
        """Return at most two of the nodes, in any order."""
        left = list(nodes)
        return [left.pop(self._pick(range(len(left)))) for _ in range(min(len(left), self._pick(range(3))))]

    def _sites(self) -> list[Site]:
        return [Site(0, "", self.columns), *(site for column in self.columns for site in _sites(column, ""))]

    def _nodes(self) -> Iterator[Node]:
        return (node for column in self.columns for node in _walk(column) if node.name != "key")

    def _looks_done(self, node: Node, name: str) -> bool:
        """Whether `name: {was: …}` could as well tell of a rename in the past, of which the lock has one."""
        others = {each.uid for each in self.columns if each.accepted_name == name} - {node.uid}
        return bool(others & self._names.get((0, str(node.accepted_name)), set()))

    def _new_name(self, fields: list[Node], parent: int) -> str:
        """Return a name that is free now; one that a partition field has for good is never free."""
        taken = {node.name for node in fields}
        # One step cannot tell what a name meant before it and after it.
        taken |= {str(node.accepted_name) for site, node in self._dropped if site.uid == parent}
        if not parent:
            taken |= self._by_value | {node.name for node, _ in self.partition}
        free = sorted(set(NAMES) - taken)
        used = [name for name in free if (parent, name) in self._names]
        again = self._pick([False, True])
        choices = used if used and again else free
        return self._pick(choices) if choices else ""

    def _node(self, name: str, depth: int, *, required: bool) -> Node:
        node = Node(next(self._uids), name, self._pick(PRIMITIVES), required=required)
        shape = self._pick(["", "", "struct", "list", "map"]) if depth < 3 else ""
        if shape == "struct":
            names = "bcadefgh"[: self._pick(range(1, 4))]
            inside = [self._node(each, depth + 1, required=self._pick([False, True])) for each in names]
        elif shape == "list":
            inside = [self._node("element", depth + 1, required=self._pick([False, True]))]
        elif shape == "map":
            key = Node(next(self._uids), "key", self._pick(PRIMITIVES), required=True)
            inside = [key, self._node("value", depth + 1, required=self._pick([False, True]))]
        else:
            return node
        node.kind, node.inside = shape, inside
        return node


WITHOUT = """\
version: 1
pipeline: shop
namespaces: {sales: {}, archive: {}}
tables:
  other: {namespace: sales, columns: {a: int}}
"""
"""The spec in which the table is gone."""


def _entry(column: Node) -> str:
    entry = f'{{type: "{column.type}"'
    entry += ", required: true" if column.required else ""
    entry += f", doc: '{column.doc}'" if column.doc else ""
    renamed = column.accepted_name and column.accepted_name != column.name
    return entry + (f", was: {column.accepted_name}}}" if renamed else "}")


def _term(transform: str, node: Node) -> str:
    return node.name if transform == "identity" else transform % node.name


def _widens(old: str, new: str) -> bool:
    """Whether one or more promotions lead from one type to another."""
    return old in WIDER and (WIDER[old] == new or _widens(WIDER[old], new))


def _transforms(kind: str) -> list[str]:
    transforms = ["identity"]
    if kind in _NUMBERS:
        transforms += ["bucket(4, %s)", "bucket(8, %s)", "truncate(3, %s)"]
    if kind in ("date", *_TIMES):
        transforms += ["year(%s)", "month(%s)", "day(%s)"]
    return [*transforms, "hour(%s)"] if kind in _TIMES else transforms


def _walk(node: Node) -> Iterator[Node]:
    """Yield a field and all that is in it; of a map, key and value first, as `iceberg.named_ids` does."""
    yield node
    for each in node.inside:
        yield from _walk(each)


def _sites(node: Node, prefix: str) -> Iterator[Site]:
    path = f"{prefix}{node.name}."
    if node.kind == "struct":
        yield Site(node.uid, path, node.inside)
    for each in node.inside:
        yield from _sites(each, path)
