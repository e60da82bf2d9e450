"""Measure the deployed functions: how long one takes to start, and how many events pass the checks.

Both are measured on what a template carries, the stripped source with a configuration in it. Without
AWS: a start ends with the answer to a request that needs none, and the client that botocore makes on
the first call comes on top. Times are those of the processor, so that a busy machine does not count;
a start, which reads files, is timed by the clock, too.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[1]
STARTS, ROUNDS, EVENTS = 15, 7, 5_000

NAMES = ("site_id", "dt", "event", "pathname", "session_id")
FLAT: list[list[Any]] = [*([name, "string", False] for name in NAMES), ["timestamp", "timestamp", False]]
FLAT.append(["screen_width", "int", False])
LINE = {
    "type": "struct",
    "fields": [{"name": "sku", "type": "string"}, {"name": "price", "type": "decimal(12,2)"}],
}
NESTED: list[list[Any]] = [
    ["id", "string", True],
    ["placed_at", "timestamptz", False],
    ["amount", "decimal(12,2)", False],
    ["lines", {"type": "list", "element": LINE}, False],
    ["labels", {"type": "map", "key": "string", "value": "string"}, False],
]
FLAT_EVENT: Json = {
    "site_id": "shop.example",
    "event": "page_view",
    "pathname": "/prices/of/this?and=that",
    "session_id": "0192f0c1-7e1a-7c3e-9d57-3a4b5c6d7e8f",
    "timestamp": "2026-11-22T10:00:00.123Z",
    "screen_width": 1440,
    "dt": "2026-11-22",
}
NESTED_EVENT: Json = {
    "id": "01JD8Z2V",
    "placed_at": 1_795_341_600_123,
    "amount": 29.97,
    "lines": [{"sku": "a", "price": 9.99}, {"sku": "b", "price": "9.99"}, {"sku": "c", "price": 9.99}],
    "labels": {"plan": "pro", "campaign": "autumn"},
}


def ingest_config(columns: list[list[Any]], stamp: Json) -> Json:
    """Configure the ingest function for one table."""
    streams = {"s": {"name": "s", "columns": columns}}
    return {"streams": streams, "choose": None, "stamp": stamp, "unknown": "reject"}


SHIPPED = ingest_config(FLAT, {"timestamp": "now", "dt": "today"})
QUERY: Json = {"workgroup": "w", "catalog": "s3tablescatalog/b", "output": None, "queries": {}}

# prints milliseconds by the clock and by the processor, from before the import to after the answer
START = """
import time
clock, processor = time.perf_counter(), time.process_time()
import index
index.handler({"version": "2.0", "requestContext": {"http": {"method": "POST"}}, "body": "[7]"}, None)
print((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000)
"""
CLIENT = """
import time
clock, processor = time.perf_counter(), time.process_time()
import index
index.CLIENT()
print((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000)
"""


def main() -> None:
    """Print both tables."""
    print(f"{'from import to first answer':40} {'clock':>9} {'processor':>10}")
    for name, config, client in (("ingest", SHIPPED, "firehose"), ("query", QUERY, "athena")):
        row(name, start(name, config, START))
        row(f"{name}, and its botocore client", start(name, config, CLIENT.replace("CLIENT", client)))
    print(f"\n{'ingest, on one core':40} {'events/s':>9} {'MB/s':>10}")
    for title, config, event in (
        ("7 flat columns", ingest_config(FLAT, {}), FLAT_EVENT),
        ("7 flat columns, 2 of them stamped", SHIPPED, FLAT_EVENT),
        ("nested, 3 lines and 2 labels", ingest_config(NESTED, {}), NESTED_EVENT),
    ):
        rates(title, config, event)


def row(title: str, times: tuple[float, float]) -> None:
    """Print a row of milliseconds."""
    print(f"{title:40} {times[0]:>6.1f} ms {times[1]:>7.1f} ms")


def start(name: str, config: Json, script: str) -> tuple[float, float]:
    """Start a function in processes of its own, and give the medians.

    A function in a template comes without compiled bytecode, and has nowhere to keep it: so it has not here.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "index.py").write_text(source(name, config), encoding="utf-8")
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "AWS_DEFAULT_REGION": "us-east-1"}
        times = []
        for _ in range(STARTS):
            command = [sys.executable, "-c", script]
            ran = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, check=True
            )
            times.append([float(told) for told in ran.stdout.splitlines()[-1].split()])
    clock, processor = (statistics.median(each) for each in zip(*times, strict=True))
    return clock, processor


def rates(title: str, config: Json, event: Json) -> None:
    """Print how many events a second are checked and encoded, and with reading the body before that."""
    module = loaded(source("ingest", config))
    body = json.dumps([event] * EVENTS)
    request = {"requestContext": {"http": {"method": "POST"}}, "body": body}
    now = "2026-11-22T10:00:00.123456+00:00"
    stamps = {name: now if kind == "now" else now[:10] for name, kind in config["stamp"].items()}

    def check() -> None:
        for each in events:
            module.fitted(each, stamps)

    def read_and_check() -> None:
        for each in module.body_of(request):
            module.fitted(each, stamps)

    events = module.body_of(request)
    for said, work in ((title, check), ("  with reading the JSON", read_and_check)):
        seconds = best(work)
        print(f"{said:40} {EVENTS / seconds:>9,.0f} {len(body) / seconds / 1e6:>10.1f}")


def best(work: Callable[[], None]) -> float:
    """Give the least seconds of the processor that some work took, in a few rounds."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def source(name: str, config: Json) -> str:
    """Give a function's stripped source with a configuration, as the compiler puts it into a template."""
    text = (ROOT / "lambdas" / name / "index.min.py").read_text(encoding="utf-8")
    line = "CONFIG: Json = {}\n"
    assert text.count(line) == 1
    return text.replace(line, f"CONFIG = {config!r}\n")


def loaded(text: str) -> ModuleType:
    """Make a module of source."""
    module = ModuleType("index")
    exec(compile(text, "index.py", "exec"), module.__dict__)
    return module
