"""What admins are asked stands in slots of its own, and ends there: what is told of a proposal that waits no more."""

from __future__ import annotations

from storage.records import Approval, Notice, NoticeAudience

OVER = "question_over"


def proposal_asked(proposal: Approval, person: int) -> Notice:
    """To an admin who could approve it: anew, it takes the place of what waits or stands there."""
    return Notice(
        kind="proposal",
        audience=NoticeAudience.PERSON,
        payload={"number": proposal.number},
        person=person,
        slot=proposal.slot,
        key=proposal.slot,
    )


def proposal_over(proposal: Approval) -> Notice:
    """In the place of each message that asked about it (`Outbox.replace`), which says what became of it."""
    return Notice(kind=OVER, audience=NoticeAudience.PERSON, payload={"proposal": proposal.number})


def proposal_lapsed(proposal: Approval) -> Notice:
    """To who proposed it; whom it was for sees it where they were asked."""
    payload = {"number": proposal.number}
    return Notice(kind="lapsed", audience=NoticeAudience.PERSON, payload=payload, person=proposal.proposer)


def ask_slot(round_: int, at_ms: int | None = None) -> str:
    """Of the messages that ask admins who is out of a round, or has won; `at_ms`: when they were asked (epoch)."""
    return f"ask:round:{round_}" if at_ms is None else f"ask:round:{round_}:{at_ms}"
