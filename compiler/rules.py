"""Every rule of the compiler: its code, its name, and the text of its page.

A code is AC, the digit of the pass (1 load, 2 validate, 3 resolve, 4 plan, 5 render, 6 lint,
7 write, 8 AWS) and three digits; a retired code is never used for another rule.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Rule

UNREADABLE = Rule(
    "AC1001",
    "unreadable-file",
    "error",
    "The spec cannot be read.",
    "The file does not exist, or its permissions or the file system refuse it.",
    "Check the path and its permissions.",
)
DIRECTORY = Rule(
    "AC1002",
    "directory",
    "error",
    "A directory was named instead of a file.",
    "A spec is one file; the compiler does not guess which one in a directory is meant.",
    "Name the file.",
)
NOT_A_FILE = Rule(
    "AC1003",
    "not-a-file",
    "error",
    "A device, pipe or socket was named instead of a file.",
    "Such a thing may never end, and cannot be read again for messages.",
    "Copy its content to a file and name that.",
)
TOO_LARGE = Rule(
    "AC1004",
    "file-too-large",
    "error",
    "The spec has more than 16 MB.",
    "CloudFormation takes a template of at most 1 MB, so a spec of this size is something else.",
    "Check that this is the right file; split a real spec into several pipelines.",
)
BYTE_ORDER_MARK = Rule(
    "AC1005",
    "byte-order-mark",
    "error",
    "The file starts with a byte order mark.",
    "It is invisible, becomes part of the first key in some tools, and breaks diffs.",
    "Save the file as UTF-8 without a byte order mark.",
)
NOT_UTF8 = Rule(
    "AC1006",
    "not-utf8",
    "error",
    "The file is not UTF-8.",
    "A spec reads the same on every machine only in one encoding.",
    "Save the file as UTF-8.",
)
UNPRINTABLE = Rule(
    "AC1007",
    "unprintable-character",
    "error",
    "A character stands in the file that no editor shows.",
    "Control characters and unusual line breaks change what is read without being seen.",
    "Remove it, or write its escape in double quotes.",
)
TAB = Rule(
    "AC1008",
    "tab-indentation",
    "error",
    "A tab indents a line.",
    "YAML allows only spaces in front of a line's text.",
    "Indent with spaces.",
)
SYNTAX = Rule(
    "AC1009",
    "yaml-syntax",
    "error",
    "The file is not YAML.",
    "Indentation, quotes or brackets do not fit together at this place.",
    "Compare this line with the one above; quote a value that holds ': ' or ' #'.",
)
DUPLICATE_KEY = Rule(
    "AC1010",
    "duplicate-key",
    "error",
    "A key stands twice in the same map.",
    "Most YAML readers silently keep the last one, so half of what was written is lost.",
    "Keep one of the two.",
)
ANCHOR = Rule(
    "AC1011",
    "anchor",
    "error",
    "The spec uses a YAML anchor.",
    "A value that stands elsewhere cannot be reviewed where it takes effect, and field ids would repeat.",
    "Write the value out.",
)
ALIAS = Rule(
    "AC1012",
    "alias",
    "error",
    "The spec uses a YAML alias.",
    "A value that stands elsewhere cannot be reviewed where it takes effect.",
    "Write the value out.",
)
MERGE_KEY = Rule(
    "AC1013",
    "merge-key",
    "error",
    "The spec uses a YAML merge key.",
    "YAML 1.2 has no merge keys, and which value wins is easily misread.",
    "Write the keys out.",
)
TAG = Rule(
    "AC1014",
    "tag",
    "error",
    "The spec uses a YAML tag.",
    "A spec is plain data: text, whole numbers, booleans, lists and maps.",
    "Remove the tag; quote a value that must stay text.",
)
SEVERAL_DOCUMENTS = Rule(
    "AC1015",
    "several-documents",
    "error",
    "The file holds more than one YAML document.",
    "One file is one pipeline; what follows a '---' would be ignored.",
    "Put each pipeline into a file of its own.",
)
TOO_DEEP = Rule(
    "AC1016",
    "too-deep",
    "error",
    "More than 64 levels stand inside one another.",
    "Nothing in the language is that deep; such a file is made to exhaust a reader.",
    "Check the brackets and the indentation.",
)
EMPTY = Rule(
    "AC1017",
    "empty-spec",
    "error",
    "The spec is empty.",
    "A pipeline has at least a version, a name, a namespace and a table.",
    "Start from the smallest spec in docs/spec.md.",
)
FLOW_COMMA = Rule(
    "AC1018",
    "flow-comma",
    "error",
    "A comma inside { } or [ ] splits a value that was meant as one.",
    "In YAML's flow style every comma ends a value, also the one in decimal(12,2) or bucket(16, id).",
    "Put the value in double quotes, or write the map in block style.",
)
KEY_NOT_TEXT = Rule(
    "AC1019",
    "key-not-text",
    "error",
    "A key is not text.",
    "A list or map as a key names nothing.",
    "Write 'name: value'.",
)
UNKNOWN_KEY = Rule(
    "AC2001",
    "unknown-key",
    "error",
    "A key is not part of the language here.",
    "A misspelt key that were ignored would leave a default in its place, unseen.",
    "Use the nearest known key, or remove it; docs/spec.md lists them.",
)
MISSING_KEY = Rule(
    "AC2002",
    "missing-key",
    "error",
    "A key that has no default is missing.",
    "What it says cannot be derived from the rest of the spec.",
    "Add the key.",
)
WRONG_TYPE = Rule(
    "AC2003",
    "wrong-type",
    "error",
    "A value is of another kind than the key takes.",
    "Text, whole numbers, booleans, lists and maps are not converted into one another.",
    "Write the value as the hint says; quote text that looks like a number.",
)
NOT_ALLOWED = Rule(
    "AC2004",
    "value-not-allowed",
    "error",
    "A value is not one of those that the key takes.",
    "The key has a fixed list of values.",
    "Use one of the values in the hint.",
)
BAD_TEXT = Rule(
    "AC2005",
    "malformed-text",
    "error",
    "A text does not have the form that the key takes.",
    "AWS or Iceberg would refuse it later, or it would mean something else.",
    "Write it as the hint says.",
)
OUT_OF_RANGE = Rule(
    "AC2006",
    "out-of-range",
    "error",
    "A number, a text's length or a list's length is outside of what the key takes.",
    "The limit is AWS's or Iceberg's own.",
    "Choose a value within the limits in the hint.",
)
BAD_NAME = Rule(
    "AC2007",
    "malformed-name",
    "error",
    "An entry's name has characters or a length that it may not have.",
    "Names become names in AWS and parts of logical ids, which have their own rules.",
    "Rename the entry as the hint says.",
)
REPEATED_ITEM = Rule(
    "AC2008",
    "repeated-item",
    "error",
    "A list names the same thing twice.",
    "The second one has no effect, so something else was probably meant.",
    "Remove or correct one of the two.",
)
UNSUPPORTED_VERSION = Rule(
    "AC2009",
    "unsupported-version",
    "error",
    "The spec is in a version of the language that this compiler does not know.",
    "The key `version` says how the rest is to be read.",
    "Write 'version: 1', or install a newer analytics-compile.",
)
PLANNED = Rule(
    "AC2010",
    "not-yet-supported",
    "error",
    "A part of the language that this release does not build yet.",
    "It is refused rather than ignored, so that nobody believes it is there.",
    "Remove it, and look for it in the CHANGELOG of a later release.",
)
EMPTY_IN_OVERLAY = Rule(
    "AC2011",
    "empty-in-overlay",
    "error",
    "A key of an overlay has no value.",
    "It reads as null, which removes the key from the stage; a line that was left half-written would, too.",
    "Write null if the key is to be removed, or remove the line.",
)
UNKNOWN_REFERENCE = Rule(
    "AC3001",
    "unknown-reference",
    "error",
    "A name refers to something that the spec does not declare.",
    "References are by name, and every name is declared once, as a key of its section.",
    "Correct the name, or declare it.",
)
COLLIDING_IDS = Rule(
    "AC3003",
    "colliding-logical-ids",
    "error",
    "Two entries would become the same CloudFormation resource.",
    "A logical id is made of an entry's name without '-' and '_', so that it never moves.",
    "Rename one of the two.",
)
CLOUDFORMATION_SYNTAX = Rule(
    "AC3004",
    "cloudformation-syntax",
    "error",
    "A text of the spec holds ${ or {{resolve:, which CloudFormation would interpret.",
    "A spec is plain data; such text could read a secret or another resource at deployment.",
    "Write the value itself.",
)
BAD_TYPE = Rule(
    "AC3005",
    "unreadable-type",
    "error",
    "A column's type cannot be read.",
    "Only Iceberg's own types of format version 2 exist: S3 Tables refuses others at deployment.",
    "Write the type as docs/spec.md shows.",
)
BAD_TERM = Rule(
    "AC3006",
    "unreadable-term",
    "error",
    "A partition or sort term cannot be read.",
    "A term is a column, or one of Iceberg's transforms of a column.",
    "Write column, year(c), month(c), day(c), hour(c), bucket(N, c) or truncate(W, c).",
)
BAD_SOURCE = Rule(
    "AC3007",
    "transform-of-wrong-type",
    "error",
    "A transform cannot be taken of a column of this type.",
    "The Iceberg spec says which types each partition transform takes.",
    "Choose another transform, or change the column's type.",
)
REPEATED_PARTITION = Rule(
    "AC3008",
    "repeated-partition",
    "error",
    "A column is partitioned twice in a way that says the same.",
    "day already implies month and year; Iceberg refuses two time transforms of one column.",
    "Keep the finer one.",
)
PARTITION_NAME_TAKEN = Rule(
    "AC3009",
    "partition-name-taken",
    "error",
    "A partition field would have the name of a column.",
    "Iceberg keeps both in one namespace, except for a partition by the column itself.",
    "Rename the column.",
)
BAD_IDENTIFIER = Rule(
    "AC3010",
    "unfit-identifier",
    "error",
    "A column cannot be part of the table's identifier.",
    "Iceberg's identifier fields are required and primitive, and no floating-point numbers.",
    "Make the column required, or choose another.",
)
NOT_DELIVERED = Rule(
    "AC3011",
    "undeliverable-type",
    "error",
    "A stream feeds a column whose type Firehose does not deliver.",
    "Firehose would put every record into the backup bucket.",
    "Use the type in the hint.",
)
FIXED_NOT_COMPACTED = Rule(
    "AC3012",
    "fixed-is-not-compacted",
    "warning",
    "A column has the type fixed, which S3 Tables does not compact.",
    "The table's small files would stay as they are and queries become slow.",
    "Use binary.",
)
SNAPSHOT_PROPERTY = Rule(
    "AC3013",
    "snapshot-property",
    "error",
    "A table property would switch off snapshot management.",
    "S3 Tables stops expiring snapshots where history.expire properties are set.",
    "Use `snapshots`.",
)
FORMAT_VERSION = Rule(
    "AC3014",
    "format-version",
    "error",
    "A table asks for another Iceberg format version than 2.",
    "Firehose writes only version 2, Athena reads only version 2, and a step to 3 cannot be taken back.",
    "Leave the property out.",
)
STREAM_TABLES = Rule(
    "AC3015",
    "stream-without-table",
    "error",
    "A stream names no table, or names it in two ways.",
    "A stream delivers either to one `table` or to several `tables`.",
    "Keep one of the two keys.",
)
STREAM_NAMESPACES = Rule(
    "AC3016",
    "stream-across-namespaces",
    "error",
    "A stream's tables are in different namespaces.",
    "A stream delivers through one resource link, which leads to one namespace.",
    "Make a stream for each namespace.",
)
STREAM_ROUTE = Rule(
    "AC3017",
    "stream-without-route",
    "error",
    "A stream has several tables and no way to choose.",
    "Firehose asks for each record which table it goes to.",
    "Add `route`, or a `transform` that sets the record's metadata.",
)
STREAM_UPDATES = Rule(
    "AC3018",
    "updates-without-keys",
    "error",
    "A stream updates and deletes, and nothing identifies a row.",
    "Firehose finds the row to replace by unique keys, or by the table's identifier.",
    "Add `unique_keys`, or an `identifier` to the table.",
)
UNIQUE_KEYS = Rule(
    "AC3019",
    "unfit-unique-keys",
    "error",
    "A stream's unique keys do not identify rows.",
    "They must be columns of the stream's own tables, with a single, exact value and a name of their own.",
    "Correct the list.",
)
APPEND_ONLY = Rule(
    "AC3020",
    "append-only-with-updates",
    "error",
    "A stream is said to only append, and also to update.",
    "An append-only stream scales by itself because it never has to find a row.",
    "Leave `append_only` out.",
)
STREAM_ENCRYPTION = Rule(
    "AC3021",
    "encryption-of-kinesis-source",
    "error",
    "A stream that reads a Kinesis stream has an encryption of its own.",
    "Firehose encrypts only what is put to it directly.",
    "Set the encryption on the Kinesis stream.",
)
STREAM_ROLE = Rule(
    "AC3022",
    "role-not-for-firehose",
    "error",
    "A stream uses a role that Firehose cannot assume.",
    "The role's trust policy names another service, or the role is not made here.",
    "Use a role with service: firehose.",
)
ROLE_PRINCIPAL = Rule(
    "AC3023",
    "role-without-principal",
    "error",
    "A role says neither or both of `service` and `arn`.",
    "Either the compiler makes the role, or it exists already.",
    "Keep one of the two keys.",
)
FOREIGN_ROLE = Rule(
    "AC3024",
    "foreign-role",
    "error",
    "A role that exists already is to get IAM permissions.",
    "Its policy belongs to somebody else; the compiler only makes Lake Formation grants to it.",
    "Allow the actions in the role's own policy.",
)
GRANTS_IN_IAM = Rule(
    "AC3025",
    "grants-without-lake-formation",
    "error",
    "A role has Lake Formation grants while the catalog is governed by IAM.",
    "With access: iam grants restrict nothing, since everybody has all Lake Formation permissions.",
    "Use `read` and `write`, or access: lake_formation.",
)
GRANT_TARGET = Rule(
    "AC3026",
    "grant-without-target",
    "error",
    "A grant names neither or both of a table and a namespace.",
    "Lake Formation grants permissions on one thing.",
    "Name one.",
)
BAD_PERMISSION = Rule(
    "AC3027",
    "unknown-permission",
    "error",
    "A permission does not exist for this kind of thing.",
    "Lake Formation's reference lists the permissions of databases and tables.",
    "Use one of the permissions in the hint.",
)
GRANT_COLUMNS = Rule(
    "AC3028",
    "columns-without-select",
    "error",
    "A grant limits something other than select to columns.",
    "Lake Formation knows columns only for select on a table.",
    "Make a grant of its own for select.",
)
UNKNOWN_COLUMN = Rule(
    "AC3029",
    "unknown-column",
    "error",
    "A column is named that the table does not have.",
    "Columns are named exactly, in lower case.",
    "Correct the name, or add the column.",
)
EXISTING_BUCKET = Rule(
    "AC3030",
    "setting-of-existing-bucket",
    "error",
    "A table bucket that another stack owns has no name here, or a setting of its owner.",
    "This stack makes only namespaces and tables in it.",
    "Write the bucket's `name`, and set the rest where the bucket is made.",
)
NAME_TOO_LONG = Rule(
    "AC3031",
    "name-too-long",
    "error",
    "A name that is made of pipeline and entry is longer than AWS takes.",
    "Physical names are <pipeline>-<entry>; the limit is that of the service.",
    "Shorten one of the two.",
)
RESERVED_NAME = Rule(
    "AC3032",
    "reserved-name",
    "error",
    "The table bucket or a resource link cannot have this name.",
    "S3 keeps some prefixes and suffixes of buckets for itself, and Athena some names of databases.",
    "Choose another name.",
)
SAME_NAME = Rule(
    "AC3033",
    "same-physical-name",
    "error",
    "Two entries have the same name in AWS.",
    "The second one could not be created.",
    "Give one of them another name.",
)
WRITES_TO_KINESIS = Rule(
    "AC3034",
    "write-to-kinesis-fed-stream",
    "error",
    "A role is to write to a stream that takes its records from Kinesis.",
    "Firehose refuses PutRecord on such a stream.",
    "Let the role put records to the Kinesis stream.",
)
ROUTE_NOT_ONE_LINE = Rule(
    "AC3035",
    "route-not-one-line",
    "error",
    "A route's JQ has a comment, a line break, or a text or bracket that is not closed.",
    "It becomes part of one line that Firehose gets, and must not swallow or end what stands around it.",
    "Write it on one line, without '#' outside of quotes, and close what it opens.",
)
ROUTE_TOO_LONG = Rule(
    "AC3036",
    "route-too-long",
    "error",
    "A route's JQ is longer than Firehose takes.",
    "Table, operation and the database's name become one query, which has at most 5,120 characters.",
    "Shorten it, or reshape the records with a `transform`.",
)
REQUIRED_UNDER_STREAM = Rule(
    "AC3101",
    "required-column-under-stream",
    "warning",
    "A stream feeds a table with a required column.",
    "Firehose sends every record that lacks it to the backup bucket, whole.",
    "Make the column optional, unless every producer sends it.",
)
IDLE_ROLE = Rule(
    "AC3102",
    "idle-role",
    "warning",
    "A role may do nothing.",
    "It reads no table, writes to no stream, has no grants and delivers for no stream.",
    "Give it something to do, or remove it.",
)
SEVERAL_WRITERS = Rule(
    "AC3103",
    "several-writers",
    "warning",
    "Two streams write to the same table.",
    "Each commit of the one makes the other's fail and be tried again; AWS advises against it.",
    "Let all producers put to one stream.",
)
UNFED_TABLE = Rule(
    "AC3104",
    "unfed-table",
    "info",
    "No stream writes to a table.",
    "It is filled by something that the spec does not know.",
    "Nothing, if that is meant.",
)
NOT_IN_ATHENA = Rule(
    "AC3105",
    "not-in-athena",
    "warning",
    "A column has the type time or uuid, which Athena does not list.",
    "Athena's list of the types of Iceberg tables has neither; Spark and others read them.",
    "Use string, unless Athena never queries the table.",
)
UNKNOWN_RULE = Rule(
    "AC3201",
    "unknown-rule",
    "error",
    "An `ignore` names a rule that does not exist.",
    "It would ignore nothing, and nobody would notice.",
    "Use the code as the warning shows it.",
)
IGNORED_ERROR = Rule(
    "AC3202",
    "ignored-error",
    "error",
    "An `ignore` names a rule that reports errors.",
    "What AWS or Iceberg would refuse cannot be decided away.",
    "Remove the `ignore`, and mend what is reported.",
)
EXPIRED_IGNORE = Rule(
    "AC3203",
    "expired-ignore",
    "error",
    "The day until which a warning was to be ignored is past.",
    "The day was set so that somebody decides again.",
    "Mend what is reported and remove the `ignore`, or give a reason and a later day.",
)
NO_SUCH_DAY = Rule(
    "AC3204",
    "no-such-day",
    "error",
    "The `until` of an `ignore` is not a day of the calendar.",
    "Nobody could say when it ends.",
    "Write a day that exists, as YYYY-MM-DD.",
)
UNUSED_IGNORE = Rule(
    "AC3205",
    "unused-ignore",
    "warning",
    "An `ignore` suppresses nothing.",
    "What it was for has been mended, or is reported elsewhere; left in, it would hide the next one.",
    "Remove it, or move it to the entry that the warning is shown in.",
)
STAGE_CHANGES_TABLE = Rule(
    "AC3301",
    "stage-changes-table",
    "error",
    "An overlay changes what is accepted of a table once for all stages.",
    "One lock holds the tables of all stages; one that differed would have other columns or ids in each.",
    "Say it in `tables`, for all stages; compaction, snapshots and the like may differ.",
)
REMOVES_NOTHING = Rule(
    "AC3302",
    "removes-nothing",
    "warning",
    "A null in an overlay removes a key that the spec does not have.",
    "It does nothing; perhaps another key was meant, which then stays.",
    "Correct the key, or remove the line.",
)
SEVERAL_STAGES = Rule(
    "AC3303",
    "several-stages",
    "error",
    "A command about one stack is given a spec with several stages.",
    "Each stage is a stack of its own, and may be in another account.",
    "Pick one with --stage.",
)
SHARED_BY_STAGES = Rule(
    "AC3304",
    "shared-by-stages",
    "warning",
    "Two stages would make something under one name, perhaps in one account and Region.",
    "Names are made of the stack's, unless the spec gives one; the second deploy would find it taken.",
    "Give another name in one of the stages; or say the account or Region of both.",
)
OTHER_REGION = Rule(
    "AC3305",
    "other-region",
    "error",
    "A stage that has a Region names a key, topic, function or stream of another Region.",
    "AWS takes these from the Region of what uses them: the deploy would fail, or no record arrive.",
    "Name one of the stage's Region in its overlay.",
)
UNREADABLE_SQL = Rule(
    "AC3501",
    "unreadable-sql",
    "error",
    "The SQL of a query cannot be read.",
    "Athena would refuse it at the first request.",
    "Correct it at the place that is shown.",
)
SEVERAL_STATEMENTS = Rule(
    "AC3502",
    "several-statements",
    "error",
    "A query has a second statement.",
    "Athena runs one statement at a time.",
    "Make a query of its own for each.",
)
NOT_A_SELECT = Rule(
    "AC3503",
    "not-a-select",
    "error",
    "The SQL of a query is no SELECT.",
    "Whoever may call the function could change what is stored.",
    "Write SELECT, or WITH … SELECT.",
)
UNKNOWN_SQL_TABLE = Rule(
    "AC3504",
    "unknown-table-in-sql",
    "error",
    "A query reads a table that its namespace does not have.",
    "A query sees the tables of one namespace, by the names they have in Athena.",
    "Correct the name or the query's namespace, or declare the table.",
)
QUALIFIED_TABLE = Rule(
    "AC3505",
    "qualified-table",
    "error",
    "A query names a table with its catalog or database.",
    "Their names differ between stages; the function hands them over beside the SQL.",
    "Write the table's name alone.",
)
UNKNOWN_SQL_COLUMN = Rule(
    "AC3506",
    "unknown-column-in-sql",
    "error",
    "A query names a column or a field that is not there.",
    "Athena would refuse the query at the first request.",
    "Correct the name, or add the column.",
)
AMBIGUOUS_COLUMN = Rule(
    "AC3507",
    "ambiguous-column",
    "error",
    "A query names a column that two of its tables have.",
    "Athena does not choose between them.",
    "Write the table's name, or its alias, and a dot before it.",
)
UNDECLARED_PARAMETER = Rule(
    "AC3508",
    "undeclared-parameter",
    "error",
    "A query uses a parameter that it does not declare.",
    "Without its type no value can be checked.",
    "Declare it in `parameters`.",
)
POSITIONAL_PARAMETER = Rule(
    "AC3509",
    "positional-parameter",
    "error",
    "A query has a parameter without a name.",
    "A request gives its values by name.",
    "Write :name instead of ?.",
)
MISPLACED_PARAMETER = Rule(
    "AC3510",
    "misplaced-parameter",
    "error",
    "A parameter stands where SQL takes a name or a fixed text.",
    "A parameter is a value: it cannot be a table, a column, an alias or the text of an INTERVAL.",
    "Write the name out, or make a query for each.",
)
PARAMETER_TYPE = Rule(
    "AC3511",
    "parameter-type",
    "error",
    "A parameter has a type that no request can give.",
    "Athena takes parameters as literals, and the function writes them for the types in the hint.",
    "Take one of those, and CAST it in the SQL.",
)
UNUSED_PARAMETER = Rule(
    "AC3551",
    "unused-parameter",
    "warning",
    "A query declares a parameter that it does not use.",
    "A request that gives it a value is refused.",
    "Use it, or remove it.",
)
PARAMETER_OUTSIDE_WHERE = Rule(
    "AC3552",
    "parameter-outside-where",
    "warning",
    "A parameter stands outside of WHERE.",
    "Athena's user guide allows parameters in the WHERE clause only.",
    "Move it into a WHERE, or try the query in Athena.",
)
UNPARTITIONED_READ = Rule(
    "AC3553",
    "whole-table-read",
    "warning",
    "A query reads a partitioned table without a condition on what partitions it.",
    "It reads every file of the table, and costs more with each day.",
    "Put a condition on a partition column into WHERE.",
)
NESTED_RESULT = Rule(
    "AC3554",
    "nested-result",
    "warning",
    "A query answers with a list, map or struct.",
    "Athena prints these as text from which the values cannot be told any more.",
    "Make JSON of it, with json_format(CAST(x AS JSON)).",
)
COMPARED_WITH_TEXT = Rule(
    "AC3555",
    "compared-with-text",
    "warning",
    "A query compares text with a number, a date or a time.",
    "Athena makes neither of the other, and the query fails when it runs.",
    "Write DATE '2026-11-22' or TIMESTAMP '2026-11-22 10:00:00', give the parameter that type, or cast.",
)
FUNCTION_KEYS = Rule(
    "AC3601",
    "keys-of-function",
    "error",
    "A function lacks what its kind needs, or has a key that has no effect.",
    "kind: ingest feeds streams, kind: query runs queries, and only what has a URL is called by web pages.",
    "Add or remove the key.",
)
FUNCTION_STREAM = Rule(
    "AC3602",
    "unsuitable-stream",
    "error",
    "A function is to feed a stream that cannot take its events.",
    "It puts an event that fits one table to a stream of direct source that has only this table.",
    "Feed a stream of one table without a Kinesis source.",
)
FUNCTION_CHOICE = Rule(
    "AC3603",
    "stream-choice",
    "error",
    "A function has several streams and no choice between them, or chooses one that is not its own.",
    "Each event goes to one stream, by the value of one of its keys.",
    "Add `choose`, and name the function's own streams in it.",
)
FUNCTION_STAMP = Rule(
    "AC3604",
    "unsuitable-stamp",
    "error",
    "A function stamps a column that none of its tables has, or whose type does not fit.",
    "`now` is a moment and `today` a date; either can also be text.",
    "Correct the column's name, or its type.",
)
FUNCTION_ROLE = Rule(
    "AC3605",
    "role-of-function",
    "error",
    "A function runs as a role that Lambda cannot assume.",
    "The role's trust policy names another service, or the role is not made here.",
    "Give the role service: lambda, or let the function have one of its own.",
)
PUBLIC_URL = Rule(
    "AC3606",
    "public-url",
    "error",
    "A function's URL is public, and nothing says which sites may call it.",
    "Without origins no web page may read its answers; with all of them every page may.",
    "Write `allowed_origins`.",
)
UNLIMITED_URL = Rule(
    "AC3611",
    "unlimited-url",
    "warning",
    "Anyone may call a function as often as they like.",
    "Without a concurrency of its own it can use up what the whole account has.",
    "Set `concurrency`.",
)
SHORT_TIMEOUT = Rule(
    "AC3612",
    "short-timeout",
    "warning",
    "A function has hardly time for one call of a service.",
    "A slow call is given up and made again within the function's time.",
    "Give it ten seconds or more.",
)
FUNCTION_BEFORE_TRANSFORM = Rule(
    "AC3613",
    "function-before-transform",
    "warning",
    "A function feeds a stream that reshapes its records.",
    "Events are checked against the table's columns, and the transform sees them before the table does.",
    "Let the transform take and give the table's columns, or leave one of the two out.",
)
NEVER_CHOSEN = Rule(
    "AC3614",
    "never-chosen",
    "warning",
    "A function never chooses one of its streams.",
    "Neither a value nor the default of `choose` leads to it.",
    "Name it in `choose`, or remove it from `streams`.",
)
FRESHNESS_BELOW_BUFFER = Rule(
    "AC3615",
    "freshness-below-buffer",
    "warning",
    "A stream may keep records for longer than it takes until the alarm on freshness goes off.",
    "Firehose waits for buffer_seconds before it delivers, so the alarm would tell of nothing.",
    "Make alarms.freshness_minutes longer, or buffer_seconds shorter.",
)
NOTHING_TO_WATCH = Rule(
    "AC3616",
    "nothing-to-watch",
    "warning",
    "There are alarms, and nothing that they could be about.",
    "They watch streams and functions.",
    "Remove `alarms`, or add a stream or a function.",
)
NEW_REQUIRED_COLUMN = Rule(
    "AC4001",
    "new-required-column",
    "error",
    "A new column is required.",
    "Old rows have no value for it, and S3 Tables refuses such a commit.",
    "Make it optional.",
)
NARROWED_COLUMN = Rule(
    "AC4002",
    "narrowed-column",
    "error",
    "A column's type became narrower.",
    "Values that are already stored may not fit the new type.",
    "Add a column of the new type, or keep the old type.",
)
CHANGED_TYPE = Rule(
    "AC4003",
    "changed-type",
    "error",
    "A column's type became another one.",
    "Iceberg widens int to long, float to double and a decimal's precision; it converts nothing else.",
    "Add a column of the new type under another name.",
)
NOW_REQUIRED = Rule(
    "AC4004",
    "now-required",
    "error",
    "An optional column or element became required.",
    "Rows that are already stored may have no value there.",
    "Leave it optional.",
)
MAP_KEY_CHANGED = Rule(
    "AC4005",
    "map-key-changed",
    "error",
    "The key of a map changed.",
    "Iceberg allows no change of a map's key, not even a wider type.",
    "Add a column of the new type.",
)
DROPPED_COLUMN = Rule(
    "AC4006",
    "dropped-column",
    "error",
    "A column is gone from the spec.",
    "Its values stay in the files, but nobody can read them any more.",
    "Put it back; or say which column it became with `was`; or consent with allow: {drop_column: …}.",
)
DROPPED_COLUMN_IN_USE = Rule(
    "AC4007",
    "dropped-column-in-use",
    "error",
    "A column is gone that identifies rows or lays out files.",
    "Old partition specs and sort orders go on naming it, and readers of the metadata would fail.",
    "Keep the column.",
)
REUSED_NAME = Rule(
    "AC4008",
    "reused-name",
    "error",
    "A column takes the name that another one had before.",
    "Old queries and producers would read or write the new column in the belief that it is the old one.",
    "Take another name, or consent with allow: {reuse_name: …}.",
)
UNKNOWN_FORMER_NAME = Rule(
    "AC4009",
    "unknown-former-name",
    "error",
    "`was` names something that the lock does not know.",
    "Without it there is nothing whose values could be carried on.",
    "Correct the name, or remove `was`.",
)
PARTITION_SOURCE_CHANGED = Rule(
    "AC4010",
    "partition-source-changed",
    "error",
    "A column changed its type that partitions files.",
    "The transform would give another result for old values than old files are laid out by.",
    "Add a column of the new type.",
)
SAME_FORMER_NAME = Rule(
    "AC4011",
    "same-former-name",
    "error",
    "Two entries say that they were the same one.",
    "Only one of them can go on with its rows.",
    "Remove `was` from one of them.",
)
FIXED_SETTING = Rule(
    "AC4012",
    "fixed-setting",
    "error",
    "A setting changed that is fixed once the thing is made.",
    "CloudFormation could only replace it, and the new one would have the name of the old one.",
    "Set it back; or make a new entry under another name and move over.",
)
DROPPED_TABLE = Rule(
    "AC4013",
    "dropped-table",
    "error",
    "A table is gone from the spec while the bucket has retain: false.",
    "The next deploy would delete the table with its rows.",
    "Put it back; or set retain: true; or consent with bucket: {allow: {drop_table: …}}.",
)
COLUMN_NAMED_AS_PARTITION = Rule(
    "AC4014",
    "column-named-as-partition",
    "error",
    "A column has the name of a partition field of another column.",
    "A partition field keeps its name when its column is renamed, and Iceberg wants names told apart.",
    "Give the column another name.",
)
TAKEN_TABLE_NAME = Rule(
    "AC4015",
    "taken-table-name",
    "error",
    "A table takes the name that another one has, or had.",
    "The other one has it in the bucket until the deploy is over, or for good if it was only let go.",
    "Take another name.",
)
STALE_FORMER_NAME = Rule(
    "AC4101",
    "stale-former-name",
    "warning",
    "`was` does nothing any more.",
    "The rename is in the lock already.",
    "Remove `was`.",
)
UNUSED_CONSENT = Rule(
    "AC4102",
    "unused-consent",
    "warning",
    "A consent is not needed.",
    "What it allows is in the lock already, or is not asked for; it would allow it another time.",
    "Remove it.",
)
RETURNED_TABLE = Rule(
    "AC4103",
    "returned-table",
    "warning",
    "A table is back that was taken out of the spec.",
    "Where it was retained it is still in the bucket, and CloudFormation cannot create another of its name.",
    "Import it into the stack; or leave it alone, and take another name.",
)
LEFT_STACK = Rule(
    "AC4104",
    "left-stack",
    "warning",
    "The lock knows a stack that the spec no longer makes.",
    "Its stage is gone, or the spec has got its first stages; the stack and its rows may still be there.",
    "Delete the stack where it is deployed and not needed; then let analytics-compile lock --forget it.",
)
LOCK_UNREADABLE = Rule(
    "AC4201",
    "unreadable-lock",
    "error",
    "The lock cannot be read.",
    "It is cut off or was edited by hand; without it field ids could be given twice.",
    "Take it from git again, or rebuild it with analytics-compile lock.",
)
LOCK_NEWER = Rule(
    "AC4202",
    "newer-lock",
    "error",
    "The lock was written by a newer compiler.",
    "An older one could lose what it does not know.",
    "Install the newer analytics-compile.",
)
LOCK_CONFLICT = Rule(
    "AC4203",
    "lock-conflict",
    "error",
    "The lock has merge conflicts.",
    "Two branches changed the same table, and both may have given out the same field id.",
    "Take the lock of the branch that is deployed, keep both changes in the spec, and compile again.",
)
LOCK_EDITED = Rule(
    "AC4204",
    "edited-lock",
    "error",
    "The lock was changed by something other than the compiler.",
    "A table's entry does not fit its chain of hashes, so its ids cannot be trusted.",
    "Take it from git again, or rebuild it with analytics-compile lock.",
)
LOCK_WOULD_CHANGE = Rule(
    "AC4205",
    "lock-would-change",
    "error",
    "The spec asks for something that is not in the lock, and --locked was given.",
    "What changes in a live table is accepted by a person, not by CI.",
    "Compile without --locked, read the plan, and commit the lock.",
)
NOT_COMPARABLE = Rule(
    "AC4206",
    "not-comparable",
    "error",
    "What a plan is to be compared with cannot be had.",
    "There is no such file, git does not know the commit, or the spec in it does not compile.",
    "Name a lock, or a branch, tag or commit whose spec compiles.",
)
TEMPLATE_TOO_LARGE = Rule(
    "AC5001",
    "template-too-large",
    "error",
    "The template is larger than CloudFormation takes.",
    "A template has at most 1,000,000 bytes, also from S3.",
    "Split the pipeline, and let the second one use the same bucket with `existing: true`.",
)
TOO_MANY_RESOURCES = Rule(
    "AC5002",
    "too-many-resources",
    "error",
    "The template has more resources than CloudFormation takes.",
    "A stack has at most 500 resources.",
    "Split the pipeline, and let the second one use the same bucket with `existing: true`.",
)
TOO_MANY_OUTPUTS = Rule(
    "AC5003",
    "too-many-outputs",
    "error",
    "The template has more outputs than CloudFormation takes.",
    "A stack has at most 200 outputs.",
    "Split the pipeline, and let the second one use the same bucket with `existing: true`.",
)
POLICY_TOO_LARGE = Rule(
    "AC5004",
    "policy-too-large",
    "error",
    "A role's policy is larger than IAM takes.",
    "All inline policies of a role have at most 10,240 characters; one that serves many streams has more.",
    "Give some of the streams a role of their own with `role`.",
)
TEMPLATE_REJECTED = Rule(
    "AC6001",
    "template-rejected",
    "error",
    "cfn-lint has found an error in the template.",
    "What the compiler writes must be a valid template whatever the spec says.",
    "Report it, with the spec if it may be shown.",
)
TEMPLATE_DOUBTED = Rule(
    "AC6002",
    "template-doubted",
    "warning",
    "cfn-lint warns of something in the template.",
    "What the compiler writes should pass cfn-lint without a word.",
    "Report it, with the spec if it may be shown.",
)
UNWRITABLE = Rule(
    "AC7001",
    "unwritable-output",
    "error",
    "The output cannot be written.",
    "The file system refuses it; what was there before is still there, whole.",
    "Check the permissions and the free space, or name another folder with --out.",
)
STALE = Rule(
    "AC7002",
    "stale-output",
    "error",
    "The output folder does not hold what the spec compiles to.",
    "Somebody changed the spec, the output or the compiler's version without compiling.",
    "Compile, and commit the result.",
)

AWS_REFUSED = Rule(
    "AC8001",
    "aws-refused",
    "error",
    "AWS does not answer, or refuses.",
    "There are no credentials, no network, no such stack, or a right is missing; nothing was changed.",
    "Check the stack's name, the Region and your credentials.",
)
TABLE_NOT_LOADED = Rule(
    "AC8002",
    "table-not-loaded",
    "error",
    "A live table cannot be read.",
    "It does not exist, or s3tables:GetTableMetadataLocation or s3tables:GetTableData is missing.",
    "Check that the table is there, and your rights.",
)
UNKNOWN_TABLE = Rule(
    "AC8003",
    "unknown-table",
    "error",
    "A table was named that the spec does not have.",
    "The lock is about the spec's tables, by their keys.",
    "Name a key of `tables`.",
)

RULES: tuple[Rule, ...] = tuple(value for value in globals().values() if isinstance(value, Rule))
"""Every rule, in the order of its code."""
BY_CODE: Mapping[str, Rule] = {rule.code: rule for rule in RULES}
