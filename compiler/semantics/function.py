"""One Lambda function: the streams it feeds or the queries it runs, and how it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compiler import rules
from compiler.document import Path
from compiler.iceberg import Primitive
from compiler.model import Choice, Function, Query, Stream
from compiler.names import did_you_mean, nearest, pascal
from compiler.semantics.scope import Scope

_OWN_KEYS = {
    "ingest": ("streams", "choose", "stamp", "unknown"),
    "query": ("queries", "scan_limit_megabytes"),
}
_REQUIRED = {"ingest": "streams", "query": "queries"}
# What lambdas/ingest/index.py makes of a stamp: a time with its offset, or a date as text.
_STAMPED = {
    "now": ("timestamp", "timestamptz", "string"),
    "today": ("date", "string", "timestamp", "timestamptz"),
}
# One slow call of a service, one repetition, and the answer.
_SHORT_SECONDS = 10


def resolve_function(
    key: str,
    entry: Mapping[str, Any],
    stack: str,
    streams: Mapping[str, Stream],
    queries: Mapping[str, Query],
    scope: Scope,
) -> Function | None:
    """Resolve one entry of `functions`; None where what it works on is missing or unknown."""
    here: Path = ("functions", key)
    kind = entry["kind"]
    _check_keys(key, kind, entry, scope)
    url, timeout = _url(key, entry, scope), _timeout(key, entry, scope)
    if _REQUIRED[kind] not in entry:
        return None
    feeds = _streams(key, entry.get("streams", []), streams, scope)
    runs = _queries(key, entry.get("queries", []), queries, scope)
    if len(feeds) + len(runs) != len(entry[_REQUIRED[kind]]):
        return None
    name = f"{stack}-{key}"
    return Function(
        key=key,
        name=name,
        logical_id=f"{pascal(key)}Function",
        log_group=f"/aws/lambda/{name}",
        log_group_id=f"{pascal(key)}FunctionLogGroup",
        kind=kind,
        streams=tuple(feeds.values()),
        choose=_choice(key, entry.get("choose"), feeds, scope),
        stamp=_stamp(key, entry.get("stamp", {}), feeds.values(), scope),
        unknown=entry.get("unknown", "reject"),
        queries=runs,
        scan_limit_megabytes=entry.get("scan_limit_megabytes", 10_000),
        workgroup_id=f"{pascal(key)}FunctionWorkGroup",
        url=url,
        url_id=f"{pascal(key)}FunctionUrl",
        access_id=f"{pascal(key)}FunctionUrlAccess",
        invocation_id=f"{pascal(key)}FunctionUrlInvocation",
        allowed_origins=tuple(entry.get("allowed_origins", ())),
        memory_megabytes=entry.get("memory_megabytes", 256),
        timeout_seconds=timeout,
        concurrency=entry.get("concurrency"),
        role=entry.get("role", key),
        has_own_role="role" not in entry,
        location=scope.document.locate_key(here),
    )


def _check_keys(key: str, kind: str, entry: Mapping[str, Any], scope: Scope) -> None:
    here: Path = ("functions", key)
    required = _REQUIRED[kind]
    for other, instead in _REQUIRED.items():
        if other != kind and instead in entry and required not in entry:
            message = f"function '{key}' is of kind {kind}, and has '{instead}' instead of '{required}'"
            hint = f"make it kind: {other}, or write {required}: [NAME]"
            scope.report(rules.FUNCTION_KEYS, message, (*here, "kind"), hint)
            return
    foreign = {word: other for other, words in _OWN_KEYS.items() if other != kind for word in words}
    for word in entry:
        if word in foreign:
            message = f"'{word}' is for functions of kind {foreign[word]}, and '{key}' is of kind {kind}"
            hint = f"remove it, or make it kind: {foreign[word]}"
            scope.report(rules.FUNCTION_KEYS, message, (*here, word), hint, key=True)
    if required not in entry:
        message = f"function '{key}' of kind {kind} has no '{required}'"
        scope.report(
            rules.FUNCTION_KEYS, message, here, f"write {required}: [NAME], with one or more", key=True
        )


def _streams(key: str, names: list[str], streams: Mapping[str, Stream], scope: Scope) -> dict[str, Stream]:
    """Return the streams that the function can put records to."""
    for index, name in enumerate(names):
        path: Path = ("functions", key, "streams", index)
        if name in streams:
            _check_stream(key, streams[name], path, scope)
        elif not scope.left_out("streams", name):
            scope.report_unknown(f"function '{key}' feeds stream", name, "streams", streams, path)
    return {name: streams[name] for name in names if name in streams}


def _queries(key: str, names: list[str], queries: Mapping[str, Query], scope: Scope) -> tuple[Query, ...]:
    for index, name in enumerate(names):
        if name not in queries and not scope.left_out("queries", name):
            path: Path = ("functions", key, "queries", index)
            scope.report_unknown(f"function '{key}' runs query", name, "queries", queries, path)
    return tuple(queries[name] for name in names if name in queries)


def _check_stream(key: str, stream: Stream, path: Path, scope: Scope) -> None:
    if stream.kinesis_arn:
        message = f"function '{key}' feeds stream '{stream.key}', which takes records only from Kinesis"
        scope.report(
            rules.FUNCTION_STREAM, message, path, "feed a stream without a Kinesis source, or send to Kinesis"
        )
    if len(stream.destinations) > 1:
        message = f"function '{key}' cannot tell which table of stream '{stream.key}' an event is for"
        hint = "make a stream for each table, and let choose pick one"
        scope.report(rules.FUNCTION_STREAM, message, path, hint)
    if stream.transform_arn:
        message = (
            f"function '{key}' checks events against a table that stream '{stream.key}' reshapes them for"
        )
        hint = "let the transform keep the table's columns, or put records to the stream directly"
        scope.report(rules.FUNCTION_BEFORE_TRANSFORM, message, path, hint)


def _choice(
    key: str, entry: Mapping[str, Any] | None, feeds: Mapping[str, Stream], scope: Scope
) -> Choice | None:
    here: Path = ("functions", key, "choose")
    if entry is None:
        if len(feeds) > 1:
            message = (
                f"function '{key}' has {len(feeds)} streams and nothing that says which event goes where"
            )
            hint = "add choose: {field: KEY, streams: {VALUE: STREAM}, default: STREAM}"
            scope.report(rules.FUNCTION_CHOICE, message, ("functions", key, "streams"), hint, key=True)
        return None
    chosen: dict[Path, str] = {("streams", value): name for value, name in entry["streams"].items()}
    if "default" in entry:
        chosen["default",] = entry["default"]
    for path, name in chosen.items():
        if name not in feeds:
            message = f"function '{key}' chooses stream '{name}', which is not one of its streams"
            near = nearest(name, feeds)
            hint = f"did you mean '{near}'?" if near else f"it has {', '.join(feeds)}"
            scope.report(rules.FUNCTION_CHOICE, message, (*here, *path), hint)
    # a name that is none of them may be the misspelt one
    for name in feeds if feeds.keys() >= set(chosen.values()) else ():
        if name not in chosen.values():
            message = f"function '{key}' never chooses its stream '{name}'"
            scope.report(
                rules.NEVER_CHOSEN, message, here, "name it in choose, or remove it from streams", key=True
            )
    return Choice(entry["field"], dict(entry["streams"]), entry.get("default"))


def _stamp(key: str, entry: Mapping[str, str], feeds: Iterable[Stream], scope: Scope) -> Mapping[str, str]:
    columns = [
        column
        for stream in feeds
        for destination in stream.destinations
        for column in destination.table.columns
    ]
    for name, what in entry.items():
        path: Path = ("functions", key, "stamp", name)
        stamped = [column for column in columns if column.name == name]
        if not stamped:
            message = f"function '{key}' stamps column '{name}', which its tables do not have"
            near = nearest(name, {column.name for column in columns})
            hint = f"did you mean '{near}'?" if near else "name a column of a table that it feeds"
            scope.report(rules.FUNCTION_STAMP, message, path, hint, key=True)
        for column in stamped:
            if not (isinstance(column.type, Primitive) and column.type.name in _STAMPED[what]):
                message = f"function '{key}' cannot stamp column '{name}' with {what}: its type does not fit"
                scope.report(rules.FUNCTION_STAMP, message, path, f"it can be {', '.join(_STAMPED[what])}")
                break
    return dict(entry)


def _url(key: str, entry: Mapping[str, Any], scope: Scope) -> Any:
    here: Path = ("functions", key)
    url, origins = entry.get("url", "none"), entry.get("allowed_origins")
    if url == "public" and not origins:
        message = f"function '{key}' has a public URL and no 'allowed_origins'"
        hint = 'name the sites whose pages may call it, or write allowed_origins: ["*"] if all may'
        scope.report(rules.PUBLIC_URL, message, (*here, "url"), hint)
    if url == "none" and origins:
        message = f"function '{key}' has 'allowed_origins' and no URL"
        scope.report(
            rules.FUNCTION_KEYS, message, (*here, "allowed_origins"), "add url: iam or url: public", key=True
        )
    if url == "public" and "concurrency" not in entry:
        message = f"function '{key}' has a public URL and no limit to its concurrency"
        hint = "set concurrency, so that a flood of calls costs you only this function"
        scope.report(rules.UNLIMITED_URL, message, (*here, "url"), hint)
    return url


def _timeout(key: str, entry: Mapping[str, Any], scope: Scope) -> int:
    seconds: int = entry.get("timeout_seconds", 30)
    if seconds < _SHORT_SECONDS:
        message = f"function '{key}' has {seconds} seconds, which leave no time to try a call again"
        hint = f"give it {_SHORT_SECONDS} or more"
        scope.report(rules.SHORT_TIMEOUT, message, ("functions", key, "timeout_seconds"), hint)
    return seconds


def check_function_roles(functions: Iterable[Function], declared: Mapping[str, Any], scope: Scope) -> None:
    """Check that each function has a role of its own, or names one that Lambda can assume."""
    for function in functions:
        entry = declared.get(function.role)
        here: Path = ("functions", function.key)
        if function.has_own_role and entry is not None:
            message = f"function '{function.key}' has a role of its own, and there is another of that name"
            hint = "rename the function"
            if _is_assumed(entry):
                hint = f"write role: {function.key} in the function to use that one, or rename one of the two"
            scope.report(rules.COLLIDING_IDS, message, here, hint, key=True)
        elif not function.has_own_role and entry is None:
            message = (
                f"function '{function.key}' runs as role '{function.role}', which is not declared in roles"
            )
            hint = did_you_mean(function.role, declared, "roles")
            scope.report(rules.UNKNOWN_REFERENCE, message, (*here, "role"), hint)
        elif entry is not None and not _is_assumed(entry):
            message = f"function '{function.key}' runs as role '{function.role}', which Lambda cannot assume"
            hint = "name a role that has service: lambda, or leave role out"
            scope.report(rules.FUNCTION_ROLE, message, (*here, "role"), hint)


def _is_assumed(role: Mapping[str, Any]) -> bool:
    """Whether Lambda can assume a role."""
    return role.get("service") in ("lambda", "lambda.amazonaws.com")
