"""Whether the caller stands where the stage belongs."""

from __future__ import annotations

from compiler.doctor.finding import Verdict, fine, wrong
from compiler.doctor.subject import Subject


def place(subject: Subject) -> Verdict:
    """Compare account and Region with those that the template's rule asks for."""
    model, where = subject.model, subject.account.where
    asked = [each for each in (model.account, model.region) if each]
    if model.account not in ("", where.account) or model.region not in ("", where.region):
        here = f"{where.account} in {where.region}"
        message = f"stage '{model.stage}' is for {' in '.join(asked)}, and this is {here}"
        return wrong(message, "take the credentials and the Region of the stage, or another --stage")
    return fine(f"this is where stage '{model.stage}' belongs")
