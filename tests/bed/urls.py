"""Call a deployed function by its URL, as a browser or curl would."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_TIMEOUT_SECONDS = 120


def call(
    server: str,
    url: str,
    body: Any = None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    signed: tuple[str, str] | None = None,
) -> tuple[int, dict[str, str], Any]:
    """Send a request for `url` to the bed's `server`; return status, headers in lower case, and the answer.

    The name in the URL leads nowhere, so it goes as the Host header, by which ministack finds the function.
    `signed` are an access key and a Region to sign the request with.
    """
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    sent = {"Host": urlsplit(url).netloc, "Content-Type": "application/json", **(headers or {})}
    if signed:
        request = AWSRequest(method, url, headers=sent, data=content)
        SigV4Auth(Credentials(signed[0], signed[0]), "lambda", signed[1]).add_auth(request)
        sent = dict(request.headers.items())
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, urlsplit(url).path or "/", content, sent)
        answer = connection.getresponse()
        told = answer.read()
        received = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, received, json.loads(told) if told else None
    finally:
        connection.close()
