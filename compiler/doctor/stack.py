"""Whether the stack is in a state that a deploy can start from."""

from __future__ import annotations

from compiler.doctor.finding import Verdict, doubtful, fine, wrong
from compiler.doctor.subject import Subject

_READY = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",  # has a change set, and nothing else yet
}
_TO_DELETE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


def stack_state(subject: Subject) -> Verdict:
    """Look at the stack's status.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
    """
    name, status = subject.model.stack, subject.deployed.status
    at = f"aws cloudformation {{}} --stack-name {name}"
    if not status:
        return fine(f"there is no stack '{name}' yet: the first deploy makes it")
    if status in _READY:
        return fine(f"the stack '{name}' is in {status}")
    if status in _TO_DELETE:
        return wrong(f"the stack '{name}' is in {status} and can only be deleted", at.format("delete-stack"))
    if status == "UPDATE_ROLLBACK_FAILED":
        message = f"the rollback of the stack '{name}' failed: it has to end before another deploy"
        return wrong(message, at.format("describe-stack-events"), at.format("continue-update-rollback"))
    if status.endswith("_IN_PROGRESS"):
        return wrong(f"somebody works on the stack '{name}': {status}", at.format("describe-stack-events"))
    return doubtful(f"the stack '{name}' is in {status}", at.format("describe-stack-events"))
