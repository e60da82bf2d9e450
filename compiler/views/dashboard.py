"""The dashboard of a pipeline, as CloudWatch's own JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from compiler.emit import Block
from compiler.model import Model
from compiler.views.alarm import WHOLE_BUCKET, throttled_metric
from compiler.views.shared import View

_INDENT = 8
_COLUMNS = 24
_HEIGHT = 6
_ALARMS_HEIGHT = 3
_MOST_ALARMS = 100  # of one widget


@dataclass(frozen=True, slots=True)
class Graph:
    """One graph: a title, the unit of its axis, the statistic, and a line for each metric."""

    title: str
    unit: str
    statistic: str
    lines: tuple[tuple[Any, ...], ...]


def dashboard_view(model: Model, alarms: list[View]) -> View | None:
    """Return what `templates/dashboard.yaml.j2` needs; nothing where there is nothing to show."""
    if model.alarms is None or not model.alarms.dashboard or not alarms:
        return None
    body = _body(model, [alarm["logical_id"] for alarm in alarms])
    return {"name": model.stack, "body": Block(body, _INDENT, substituted=True)}


def _body(model: Model, alarm_ids: list[str]) -> tuple[str, ...]:
    """Return the lines of a dashboard's body, in which `${…}` are logical ids, for `Fn::Sub`.

    The names of things come by reference, so nothing of the spec's own text is in it.
    CloudWatch user guide, CloudWatch-Dashboard-Body-Structure.html.
    """
    alarms = [*_alarms(alarm_ids)]
    widgets = [*alarms, *_placed(_graphs(model), len(alarms) * _ALARMS_HEIGHT)]
    *lines, last = (json.dumps(widget, separators=(",", ":")) for widget in widgets)
    return ('{"widgets":[', *(f"{line}," for line in lines), last, "]}")


def _alarms(alarm_ids: list[str]) -> Iterable[dict[str, Any]]:
    """Lay the alarms out in as many rows as it takes, each with as many as a widget may have."""
    for row, first in enumerate(range(0, len(alarm_ids), _MOST_ALARMS)):
        shown = alarm_ids[first : first + _MOST_ALARMS]
        properties = {"title": "Alarms", "alarms": [f"${{{each}.Arn}}" for each in shown]}
        place = {"x": 0, "y": row * _ALARMS_HEIGHT, "width": _COLUMNS, "height": _ALARMS_HEIGHT}
        yield {"type": "alarm", **place, "properties": properties}


def _placed(graphs: list[Graph], top: int) -> Iterable[dict[str, Any]]:
    """Lay graphs out, three in a row below the alarms."""
    width = _COLUMNS // 3
    for index, graph in enumerate(graphs):
        row, column = divmod(index, 3)
        properties = {
            "title": graph.title,
            "region": "${AWS::Region}",
            "stat": graph.statistic,
            "period": 300,
            "yAxis": {"left": {"label": graph.unit, "min": 0, "showUnits": False}},
            "metrics": [list(line) for line in graph.lines],
        }
        place = {"x": column * width, "y": top + row * _HEIGHT, "width": width, "height": _HEIGHT}
        yield {"type": "metric", **place, "properties": properties}


def _graphs(model: Model) -> list[Graph]:
    streams = [stream.logical_id for stream in model.streams]
    functions = [function.logical_id for function in model.functions]
    queries = [function.workgroup_id for function in model.functions if function.kind == "query"]
    graphs = []
    if streams:
        graphs += [
            _of_streams("Rows in", "rows", "Sum", "IncomingRowCount", streams),
            _of_streams("Rows failed", "rows", "Sum", "FailedRowCount", streams),
            _of_streams(
                "Freshness: age of the oldest record", "seconds", "Maximum", "DataFreshness", streams
            ),
            _of_streams("Bytes delivered", "bytes", "Sum", "Bytes", streams),
            _throttling(model),
            _backup(),
        ]
    if functions:
        graphs += [
            _of_functions("Function calls", "calls", "Sum", ["Invocations"], functions),
            _of_functions("Function errors", "calls", "Sum", ["Errors", "Throttles"], functions),
            _of_functions("Function duration", "milliseconds", "p99", ["Duration"], functions),
        ]
    return [*graphs, _scanned(queries)] if queries else graphs


def _of_streams(title: str, unit: str, statistic: str, name: str, streams: list[str]) -> Graph:
    metric = f"DeliveryToIceberg.{name}"
    lines = [("AWS/Firehose", metric, "DeliveryStreamName", f"${{{stream}}}") for stream in streams]
    return Graph(title, unit, statistic, tuple(lines))


def _throttling(model: Model) -> Graph:
    lines = [
        ("AWS/Firehose", throttled_metric(stream), "DeliveryStreamName", f"${{{stream.logical_id}}}")
        for stream in model.streams
    ]
    return Graph("Throttled", "records", "Sum", tuple(lines))


def _backup() -> Graph:
    line = ("AWS/S3", "BytesUploaded", "FilterId", WHOLE_BUCKET, "BucketName", "${BackupBucket}")
    return Graph("Written to the backup bucket", "bytes", "Sum", (line,))


def _of_functions(title: str, unit: str, statistic: str, names: list[str], functions: list[str]) -> Graph:
    lines = [
        ("AWS/Lambda", name, "FunctionName", f"${{{function}}}") for name in names for function in functions
    ]
    return Graph(title, unit, statistic, tuple(lines))


def _scanned(workgroups: list[str]) -> Graph:
    """Athena counts by state and kind of query, too, and a search adds these up.

    Athena user guide, query-metrics-viewing.html.
    """
    pattern = '{AWS/Athena,QueryState,QueryType,WorkGroup} MetricName="ProcessedBytes" WorkGroup="%s"'
    names = [f"${{{each}}}" for each in workgroups]
    lines = [({"expression": f"SUM(SEARCH('{pattern % name}', 'Sum'))", "label": name},) for name in names]
    return Graph("Athena: bytes scanned", "bytes", "Sum", tuple(lines))
