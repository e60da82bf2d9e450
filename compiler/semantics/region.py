"""The Region of a stage, and of what the spec names by its ARN."""

from __future__ import annotations

from collections.abc import Iterator

from compiler import rules
from compiler.document import Path
from compiler.model import Model
from compiler.semantics.scope import Scope


def check_region(model: Model, scope: Scope) -> None:
    """Refuse what is in another Region than the stage is guarded to be deployed in. Reports AC3305.

    CloudWatch refuses a topic of another Region ("Invalid region … Only … is supported"), S3 a key (its
    user guide, UsingKMSEncryption.html), and Firehose looks for stream and function beside itself. Another
    account is no mistake: each of them may be shared.
    """
    for what, arn, path in _named(model) if model.region else ():
        region = arn.split(":")[3]
        if region != model.region:
            message = f"{what} is in {region}, and the stage is for {model.region}"
            hint = f"name one in {model.region} in the stage's overlay"
            scope.report(rules.OTHER_REGION, message, path, hint)


def _named(model: Model) -> Iterator[tuple[str, str, Path]]:
    if model.bucket.kms_key_arn:
        yield "the key of the bucket", model.bucket.kms_key_arn, ("bucket", "encryption", "kms_key_arn")
    for stream in model.streams:
        here: Path = ("streams", stream.key)
        arns = (
            ("key", stream.kms_key_arn, "encryption", "kms_key_arn"),
            ("source", stream.kinesis_arn, "source", "kinesis_arn"),
            ("transform", stream.transform_arn, "transform", "function_arn"),
        )
        for noun, arn, section, key in arns:
            if arn:
                yield f"the {noun} of stream '{stream.key}'", arn, (*here, section, key)
    if model.alarms:
        yield "the topic of the alarms", model.alarms.notify, ("alarms", "notify")
