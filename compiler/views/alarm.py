"""What `templates/alarm.yaml.j2` needs: a metric, and from what value on somebody is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compiler.emit import LogicalId, Ref
from compiler.model import Alarms, Function, Model, Stream
from compiler.views.shared import View

WHOLE_BUCKET = "EntireBucket"
"""The name under which S3 counts the requests of a bucket as a whole."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A CloudWatch metric: namespace, name, dimensions, and the statistic that an alarm looks at."""

    namespace: str
    name: str
    dimensions: Mapping[str, str | Ref]
    statistic: str


def alarm_view(
    logical_id: str, name: str, description: str, metric: Metric, threshold: int, notify: str | None
) -> View:
    """Return an alarm that goes off above the threshold within five minutes; without data it is silent.

    A metric that nothing reports is the usual state of a stream or function that is not used.
    """
    return {
        "logical_id": LogicalId(logical_id),
        "name": name,
        "description": description,
        "namespace": metric.namespace,
        "metric": metric.name,
        "dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions.items()],
        "statistic": metric.statistic,
        "threshold": threshold,
        "actions": [notify] if notify else [],
    }


def alarm_views(model: Model) -> list[View]:
    """Return every alarm of a pipeline; none where the spec wants none."""
    alarms = model.alarms
    if alarms is None:
        return []
    return [
        *(view for stream in model.streams for view in _of_stream(stream, alarms)),
        *([_backup(model, alarms)] if model.streams else []),
        *(view for function in model.functions for view in _of_function(function, alarms)),
    ]


@dataclass(frozen=True, slots=True)
class _Watch:
    """One thing to watch of a stream or function: end of the alarm's id and name, metric, and what to say."""

    id: str
    name: str
    metric: str
    statistic: str
    threshold: int
    happened: str


def throttled_metric(stream: Stream) -> str:
    """Return what Firehose counts when a stream is at its quota: records, or reads of its source."""
    return "ThrottledGetRecords" if stream.kinesis_arn else "ThrottledRecords"


def _of_stream(stream: Stream, alarms: Alarms) -> Iterator[View]:
    """Watch what Firehose's developer guide advises to (firehose-cloudwatch-metrics-best-practices.html)."""
    failed, minutes = alarms.failed_rows, alarms.freshness_minutes
    for watch in (
        _Watch(
            *("FailedRows", "failed-rows", "DeliveryToIceberg.FailedRowCount", "Sum", failed),
            f"more than {failed} rows went to the backup bucket within five minutes",
        ),
        _Watch(
            *("Freshness", "freshness", "DeliveryToIceberg.DataFreshness", "Maximum", minutes * 60),
            f"a record has waited for more than {minutes} minutes",
        ),
        _Watch(
            "Throttling",
            "throttling",
            throttled_metric(stream),
            "Sum",
            0,
            "it was throttled, being at its quota",
        ),
    ):
        yield _watching(watch, "Stream", "AWS/Firehose", "DeliveryStreamName", stream, alarms)


def _of_function(function: Function, alarms: Alarms) -> Iterator[View]:
    """Watch what Lambda counts (developer guide, monitoring-metrics-types.html)."""
    watches = [
        _Watch("Errors", "errors", "Errors", "Sum", 0, "it crashed or ran out of time"),
        # not "throttling": a stream may have the function's name, and an alarm's name is one for all
        _Watch("Concurrency", "concurrency", "Throttles", "Sum", 0, "all of its concurrency was in use"),
    ]
    if function.url != "none":  # what the function itself answers as failed is no error of Lambda's
        happened = "it answered with a status of 500 or above"
        watches.append(_Watch("Failures", "failures", "Url5xxCount", "Sum", 0, happened))
    for watch in watches:
        yield _watching(watch, "Function", "AWS/Lambda", "FunctionName", function, alarms)


def _watching(
    watch: _Watch, what: str, namespace: str, dimension: str, watched: Stream | Function, alarms: Alarms
) -> View:
    dimensions: dict[str, str | Ref] = {dimension: Ref(watched.logical_id)}
    return alarm_view(
        f"{watched.logical_id}{watch.id}Alarm",
        f"{watched.name}-{watch.name}",
        f"{what} {watched.name}: {watch.happened}.",
        Metric(namespace, watch.metric, dimensions, watch.statistic),
        watch.threshold,
        alarms.notify,
    )


def _backup(model: Model, alarms: Alarms) -> View:
    """Watch what is written to the backup bucket: also what a transform failed on, which is no failed row.

    S3 counts requests for a bucket that asks for it, and reports only when there are some
    (S3 user guide, metrics-configurations.html).
    """
    dimensions: dict[str, str | Ref] = {"BucketName": Ref("BackupBucket"), "FilterId": WHOLE_BUCKET}
    metric = Metric("AWS/S3", "BytesUploaded", dimensions, "Sum")
    description = f"Pipeline {model.stack}: records that failed were written to the backup bucket."
    return alarm_view("BackupBucketAlarm", f"{model.stack}-backup", description, metric, 0, alarms.notify)
