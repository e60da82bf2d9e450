"""Every check of a spec, in the order in which a reader mends."""

from __future__ import annotations

from functools import partial

from compiler.doctor.data import data
from compiler.doctor.finding import Check
from compiler.doctor.governance import administrators, integration, registration, shared_provider
from compiler.doctor.names import names
from compiler.doctor.place import place
from compiler.doctor.principals import keys, principals
from compiler.doctor.quotas import concurrency, streams, table_buckets
from compiler.doctor.region import region
from compiler.doctor.rights import rights
from compiler.doctor.stack import stack_state
from compiler.doctor.subject import Subject


def checks(subject: Subject) -> list[Check]:
    """Return what has to be looked at before a deploy of the subject."""
    model = subject.model
    governed, shared = model.access == "lake_formation", model.provider == "account"
    wanted = {
        "place": (place, bool(model.account or model.region)),
        "region": (region, True),
        "stack": (stack_state, True),
        "integration": (integration, True),
        "registration": (registration, governed),
        "administrators": (administrators, governed and not shared),
        "provider": (shared_provider, shared),
        "data": (data, True),
        "table buckets": (table_buckets, not model.bucket.existing),
        "streams": (streams, bool(model.streams)),
        "concurrency": (concurrency, any(function.concurrency for function in model.functions)),
        "rights": (rights, True),
    }
    single = [Check(name, partial(look, subject)) for name, (look, needed) in wanted.items() if needed]
    return [*single, *names(subject), *principals(subject), *keys(subject)]
