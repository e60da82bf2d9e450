"""What the account has room for."""

from __future__ import annotations

import re

from botocore.exceptions import BotoCoreError, ClientError

from compiler.doctor.account import Account, look_up
from compiler.doctor.finding import Verdict, doubtful, fine, wrong
from compiler.doctor.subject import Subject
from compiler.model import Function

# S3 user guide, s3-tables-regions-quotas.html: AWS raises it on request, and no API tells to what.
_TABLE_BUCKETS = 10
# Firehose developer guide, limits.html: 100 to 5,000 by Region, unless AWS raised it.
_STREAMS_AT_LEAST = 100
# Lambda developer guide, configuration-concurrency.html: what stays for functions that reserve nothing.
# An account that has fewer in all is told of another minimum.
_UNRESERVED = 100
_STREAM_QUOTA = re.compile(r"(delivery|firehose) streams", re.IGNORECASE)


def table_buckets(subject: Subject) -> Verdict:
    """Count the table buckets, where the deploy makes one more."""
    pages = subject.account.client("s3tables").get_paginator("list_table_buckets").paginate()
    names = [bucket["name"] for page in pages for bucket in page["tableBuckets"]]
    count = f"there are {len(names)} table buckets, and AWS gives {_TABLE_BUCKETS} in a Region"
    if subject.model.bucket.name in names or len(names) < _TABLE_BUCKETS:
        return fine(count)
    return doubtful(
        f"{count} unless it raised that for you",
        "use a bucket that is there: bucket: {name: NAME, existing: true} in the spec",
        "ask AWS Support for more table buckets",
    )


def streams(subject: Subject) -> Verdict:
    """Count the Firehose streams, and the ones that the deploy adds."""
    new = sum(stream.logical_id not in subject.deployed.resources for stream in subject.model.streams)
    there = _stream_count(subject.account)
    known = _stream_quota(subject.account)
    limit = _STREAMS_AT_LEAST if known is None else known
    count = f"there are {there} Firehose streams, the deploy adds {new}"
    if there + new <= limit:
        return fine(f"{count}, and AWS gives {'at least ' if known is None else ''}{limit}")
    command = "aws service-quotas list-service-quotas --service-code firehose"
    if known is not None:
        return wrong(f"{count}, and AWS gives {limit}", f"{command}, and ask for more there")
    return doubtful(f"{count}, and AWS gives {limit} or more", command)


def concurrency(subject: Subject) -> Verdict:
    """Count what the deploy reserves of the account's concurrent calls, besides what it has already."""
    client = subject.account.client("lambda")
    free = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    reserved = [
        function.concurrency - _reserved(subject, function)
        for function in subject.model.functions
        if function.concurrency is not None
    ]
    left = free - sum(reserved)
    count = f"{free} concurrent calls of Lambda are not reserved, and {left} will be left"
    if left >= _UNRESERVED:
        return fine(count)
    remedies = (
        "aws service-quotas list-service-quotas --service-code lambda, and ask for more there",
        "or set less concurrency in the spec",
    )
    if left < 0:
        wanted = f"{free} concurrent calls of Lambda are not reserved, and the deploy wants {sum(reserved)}"
        return wrong(wanted, *remedies)
    return doubtful(f"{count}; AWS wants {_UNRESERVED} to be left, or less in a new account", *remedies)


def _reserved(subject: Subject, function: Function) -> int:
    """Return what a function has reserved already; nothing where it is yet to be made."""
    if function.logical_id not in subject.deployed.resources:
        return 0
    look = subject.account.client("lambda").get_function_concurrency
    found = look_up(look, FunctionName=function.name) or {}
    return int(found.get("ReservedConcurrentExecutions", 0))


def _stream_count(account: Account) -> int:
    client, names, more = account.client("firehose"), list[str](), True
    while more:
        after = {"ExclusiveStartDeliveryStreamName": names[-1]} if names else {}
        page = client.list_delivery_streams(Limit=100, **after)
        names += page["DeliveryStreamNames"]
        more = page["HasMoreDeliveryStreams"]
    return len(names)


def _stream_quota(account: Account) -> int | None:
    """Return the quota of the Region; None where nobody tells, as few callers may ask."""
    try:
        pages = account.client("service-quotas").get_paginator("list_service_quotas")
        listed = [each for page in pages.paginate(ServiceCode="firehose") for each in page["Quotas"]]
    except (BotoCoreError, ClientError):
        return None
    return next((int(each["Value"]) for each in listed if _STREAM_QUOTA.search(each["QuotaName"])), None)
