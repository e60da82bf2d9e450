"""The account, the Region and the caller, as the credentials at hand have them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from compiler.deployer import Where
from compiler.doctor.finding import Verdict, wrong

_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
_MISSING = re.compile(r"NotFound|NoSuchEntity|404")
# CloudFormation and Athena say it in words, under a code that they also use for other things.
_MISSING_IN_WORDS = re.compile(r"does not exist|is not found|not found", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Account:
    """Where a deploy would go, and who would do it."""

    session: boto3.Session
    where: Where
    caller: str
    _clients: dict[str, Any] = field(default_factory=dict)
    _making: Lock = field(default_factory=Lock)

    def client(self, service: str) -> Any:
        """Return the client of a service; boto3 makes one at a time only."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self.session.client(service, config=_CONFIG)
            return self._clients[service]


def connect() -> Account | Verdict:
    """Ask who the caller is; a verdict comes back where nobody answers."""
    try:
        session = boto3.Session()
        if not session.region_name:
            return wrong("no Region is set", "export AWS_REGION=eu-west-1, or name a profile that has one")
        identity = session.client("sts", config=_CONFIG).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return wrong(f"AWS does not know the caller: {error}", "aws sts get-caller-identity")
    partition = identity["Arn"].split(":")[1]
    return Account(session, Where(partition, session.region_name, identity["Account"]), identity["Arn"])


def look_up(call: Callable[..., Any], **arguments: Any) -> Any | None:
    """Return the answer to a call; None where what it asks for is not there."""
    try:
        return call(**arguments)
    except ClientError as error:
        code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        said = code in ("ValidationError", "InvalidRequestException") and _MISSING_IN_WORDS.search(message)
        if _MISSING.search(code) or said:
            return None
        raise
