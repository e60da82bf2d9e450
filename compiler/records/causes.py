"""What each error code of the error bucket means, and what to do about it.

Documented are four codes for Iceberg tables (Firehose developer guide, apache-iceberg-stream.html,
"Handle errors") and those of S3 and of the transform's function (monitoring-with-cloudwatch-logs.html).
Other codes are known only from people who met them; these say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_GUIDE = "https://docs.aws.amazon.com/firehose/latest/dev/"
_ICEBERG: Final = f"{_GUIDE}apache-iceberg-stream.html"
_LOGS: Final = f"{_GUIDE}monitoring-with-cloudwatch-logs.html"
_PARTITIONING: Final = f"{_GUIDE}dynamic-partitioning-error-handling.html"
_CONSIDERATIONS: Final = f"{_GUIDE}apache-iceberg-considerations.html"
_TRANSFORM: Final = f"{_GUIDE}data-transformation-failure-handling.html"
_USERS: Final = "reports of users; AWS does not document the code"

NO_CODE: Final = ""
"""Stands for an object without an error code."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why records were refused, what to do, and who says so."""

    why: str
    remedy: str
    source: str
    at_fault: bool = False
    """Whether the record itself is wrong, so that sending it again changes nothing."""


def cause_of(code: str) -> Cause:
    """Return the cause behind an error code: of the code itself, or of the service it begins with."""
    known = _CODES.get(code)
    return known or next((cause for prefix, cause in _PREFIXES if code.startswith(prefix)), _UNKNOWN)


_SEND_AGAIN = "then send the records again (`records decode --records`)"

_FUNCTION_ANSWER = (
    "Let the function return each recordId exactly once, with result Ok, Dropped or ProcessingFailed and "
    f"data in Base64; {_SEND_AGAIN}."
)

_CODES: dict[str, Cause] = {
    "Iceberg.NoSuchTable": Cause(
        "The table or its database does not exist for Firehose, or it is no Iceberg table of version 2.",
        "Deploy the stack, and compare the table's and the namespace's name with those of the stream or its "
        "route. If both are right, the stream's role lacks the Lake Formation grants (a table it may not see "
        f"does not exist for it), or the table was made without a schema; {_SEND_AGAIN}.",
        _ICEBERG,
    ),
    "Iceberg.InvalidTableName": Cause(
        "The route gave no table name or an empty one, or the table is not of format version 2.",
        "See that `route.table` (or the transform's otfMetadata) yields a declared table for every record, "
        f"also for one without that key; {_SEND_AGAIN}.",
        _ICEBERG,
        at_fault=True,
    ),
    "S3.AccessDenied": Cause(
        "The stream's role may not write to a bucket, or Firehose may not assume the role.",
        "Compare the role's policy and trust policy with the deployed template, and look for a bucket "
        f"policy, an SCP or a KMS key policy that denies; {_SEND_AGAIN}.",
        _ICEBERG,
    ),
    "Glue.AccessDenied": Cause(
        "The stream's role may not read or update the table in the Glue catalog.",
        "See in Lake Formation that the role has DESCRIBE on the resource link and the namespace, and "
        "SELECT, INSERT, ALTER and DESCRIBE on the table (one that was dropped and made again has lost its "
        f"grants), and compare the role's policy with the deployed template; {_SEND_AGAIN}.",
        _ICEBERG,
    ),
    "Iceberg.MissingColumnWithinRecord": Cause(
        "A required column has no key of exactly its name in the record.",
        "Send the key, in lower case, with a value; or make the column optional. "
        "`--spec SPEC --table TABLE` names the column.",
        _USERS,
        at_fault=True,
    ),
    "Iceberg.SchemaTypeMismatch": Cause(
        "A value does not fit its column's type.",
        "`--spec SPEC --table TABLE` names the key; docs/records.md has the forms of each type.",
        _USERS,
        at_fault=True,
    ),
    "Iceberg.InvalidColumnValue": Cause(
        "A value does not fit its column's type.",
        "`--spec SPEC --table TABLE` names the key; docs/records.md has the forms of each type.",
        _USERS,
        at_fault=True,
    ),
    "ICEBERG_BAD_DATA": Cause(
        "The record is not exactly one JSON object.",
        "Send one object a record: no arrays, nothing concatenated, no text around it.",
        f"{_USERS}; the rule: {_CONSIDERATIONS}",
        at_fault=True,
    ),
    "Iceberg.UniqueKeysNotFound": Cause(
        "An update or delete lacks a column of the unique keys.",
        "Send every unique key with each update and delete.",
        _USERS,
        at_fault=True,
    ),
    "Iceberg.GlueTableNotFound": Cause(
        "The table or its database does not exist for Firehose.",
        f"Do as for Iceberg.NoSuchTable; {_SEND_AGAIN}.",
        _USERS,
    ),
    "Iceberg.AccessDenied": Cause(
        "The stream's role may not write to the table.",
        f"Do as for Glue.AccessDenied; {_SEND_AGAIN}.",
        _USERS,
    ),
    "S3.NoSuchBucket": Cause(
        "A bucket that the stream names does not exist.", f"Deploy the stack; {_SEND_AGAIN}.", _LOGS
    ),
    "S3.KMS.NotFoundException": Cause(
        "The KMS key of a bucket was not found.",
        f"See that the key exists, is enabled and is in the Region of the stream; {_SEND_AGAIN}.",
        _LOGS,
    ),
    "S3.KMS.RequestLimitExceeded": Cause(
        "KMS had more requests a second than the account may make.",
        f"Raise the KMS quota, or switch on the bucket key; {_SEND_AGAIN}.",
        _LOGS,
    ),
    "Lambda.AssumeRoleAccessDenied": Cause(
        "Firehose may not assume the stream's role.",
        f"Compare the role's trust policy with the deployed template; {_SEND_AGAIN}.",
        _LOGS,
    ),
    "Lambda.InvokeAccessDenied": Cause(
        "The stream's role may not invoke the transform.",
        "Allow lambda:InvokeFunction on the function with its version or alias, as the stream names it "
        f"(`…:NAME:*`); {_SEND_AGAIN}.",
        _LOGS,
    ),
    "Lambda.InvokeLimitExceeded": Cause(
        "Too many functions ran at once.",
        f"Raise the concurrency of the account, or reserve some for the function; {_SEND_AGAIN}.",
        _LOGS,
    ),
    "Lambda.ResourceNotFound": Cause(
        "The transform's function does not exist.",
        f"Set the stream's transform to a function that exists; {_SEND_AGAIN}.",
        _LOGS,
    ),
    "Lambda.JsonProcessingException": Cause(
        "The function's answer is not in the form that Firehose wants.", _FUNCTION_ANSWER, _LOGS
    ),
    "Lambda.MissingRecordId": Cause("The function's answer left records out.", _FUNCTION_ANSWER, _LOGS),
    "Lambda.DuplicatedRecordId": Cause(
        "The function's answer has one recordId several times.", _FUNCTION_ANSWER, _LOGS
    ),
    "Lambda.InvalidReturnFormat": Cause(
        "The function's answer is not in the form that Firehose wants.", _FUNCTION_ANSWER, _USERS
    ),
    "Lambda.FunctionError": Cause(
        "The function failed with an error of its own.",
        f"Read the function's log for the traceback and mend it; {_SEND_AGAIN}.",
        _USERS,
    ),
    "Lambda.FunctionTimedOut": Cause(
        "The function took longer than its timeout.",
        "Raise the function's timeout (Firehose waits at most 5 minutes) or lower the batch's size "
        f"(BufferSizeInMBs); {_SEND_AGAIN}.",
        _USERS,
    ),
    "Lambda.ProcessingFailedStatus": Cause(
        "The function itself answered ProcessingFailed for the record.",
        f"The function's log says why; mend the function or the record; {_SEND_AGAIN}.",
        f"{_USERS}; the status: {_TRANSFORM}",
        at_fault=True,
    ),
    NO_CODE: Cause(
        "The object names no error code. After a commit that failed, Firehose leaves the S3 paths of the "
        "data files instead of records.",
        "Look for a second stream or another writer on the same table: all but one of them fail to commit. "
        "For other objects, see that they are Firehose's own.",
        _CONSIDERATIONS,
    ),
}

_PREFIXES: Sequence[tuple[str, Cause]] = (
    (
        "DynamicPartitioning.",
        Cause(
            "The JQ expression of the route could not be evaluated, or gave null: the record is not JSON, or "
            "lacks the key that the expression reads.",
            'Give the expression a fallback for every key that may be missing (`.type // "other"`), and send '
            "one JSON object a record.",
            _PARTITIONING,
            at_fault=True,
        ),
    ),
    (
        "MetadataExtraction",
        Cause(
            "The JQ expression of the route could not be evaluated.",
            'Give the expression a fallback for every key that may be missing (`.type // "other"`), and send '
            "one JSON object a record.",
            _PARTITIONING,
            at_fault=True,
        ),
    ),
    (
        "Lambda.",
        Cause(
            "The transform's function was not invoked, or its answer was not taken.",
            f"Read Firehose's message and the function's log; {_SEND_AGAIN}.",
            _LOGS,
        ),
    ),
    (
        "LakeFormation.",
        Cause(
            "Lake Formation denies the stream's role.",
            f"Do as for Glue.AccessDenied; {_SEND_AGAIN}.",
            _USERS,
        ),
    ),
    (
        "Glue.",
        Cause(
            "The Glue catalog refused a request of the stream.",
            "Read Firehose's message; see the resource link, the role's policy and its grants; "
            f"{_SEND_AGAIN}.",
            _USERS,
        ),
    ),
    (
        "S3.",
        Cause(
            "S3 refused a request of the stream.",
            f"Read Firehose's message; see the bucket, its policy and its key; {_SEND_AGAIN}.",
            _LOGS,
        ),
    ),
    (
        "Iceberg.",
        Cause(
            "The table did not take the record.",
            "Read Firehose's message; `--spec SPEC --table TABLE` says whether the record is at fault.",
            _USERS,
        ),
    ),
)

_UNKNOWN = Cause(
    "The code is not known to this tool.",
    "Read Firehose's message, and the stream's log group for more of it.",
    _LOGS,
)
