"""Whether the Region has what a pipeline is made of; as the documentation said, on the days below."""

from __future__ import annotations

import re

from compiler.doctor.finding import Verdict, doubtful, fine, wrong
from compiler.doctor.subject import Subject

# Firehose developer guide, apache-iceberg-destination.html, as of 2026-04-13. The list gets shorter.
FIREHOSE_AS_OF = "2026-04-13"
_WITHOUT_FIREHOSE = re.compile(r"cn-.*|us-gov-.*|us-iso.*|ap-east-2|ap-southeast-[56]|mx-central-1")

# Glue developer guide, enable-s3-tables-catalog-integration.html, as of 2026-04-13: elsewhere Lake
# Formation has to govern. Of Asia it names most Regions; which it leaves out changes.
IAM_AS_OF = "2026-04-13"
_WITH_IAM = re.compile(
    r"us-(east|west)-[12]|af-south-1|ca-.*|eu-.*|ap-.*|il-central-1|mx-central-1|sa-east-1"
)
_MOSTLY_WITH_IAM = re.compile(r"ap-.*")


def region(subject: Subject) -> Verdict:
    """Compare the Region with what AWS documents."""
    name, model = subject.account.where.region, subject.model
    other = "deploy to another Region, or look whether the documentation has it by now"
    if model.streams and _WITHOUT_FIREHOSE.fullmatch(name):
        return wrong(f"Firehose did not deliver to Iceberg tables in {name} on {FIREHOSE_AS_OF}", other)
    if model.access == "iam" and not _WITH_IAM.fullmatch(name):
        message = f"access by IAM alone was not offered in {name} on {IAM_AS_OF}"
        return wrong(message, "write access: lake_formation in the spec")
    if model.access == "iam" and _MOSTLY_WITH_IAM.fullmatch(name):
        message = f"access by IAM alone was offered in most Regions of Asia on {IAM_AS_OF}; is {name} one?"
        return doubtful(
            message, "the Glue developer guide, enable-s3-tables-catalog-integration, has the list"
        )
    return fine(f"nothing is known against {name} ({FIREHOSE_AS_OF})")
