"""What is told of alerts: each once, to whoever set it, in the transaction of the tick that passes its price.

What a tick leads to is told, not what lay between: a price that goes there and back within one tick was shown to
nobody. An alert ends untold where nothing can pass it any more: its outcome has gone out, or its market is over. One
that was told stays told, also where the market is cut back to before.

| kind | for | payload |
|---|---|---|
| alert | the person | at_ms; passed: [[outcome, side, price, above, what it is at]]; gone: [[outcome, side, price]] |
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.risk import OVER
from engine.state import Side, price_micro
from engine.units import whole_tenths
from storage.alerts import Alert, Shown
from storage.records import Json, Notice, NoticeAudience, Payload
from storage.saving import TickOutcome


def shown_prices(outcome: TickOutcome) -> list[Shown | None]:
    """The prices people are shown after a tick, by outcome; None where there is none that could be passed any more."""
    after = outcome.after
    return [
        (_shown(outcome, number, Side.YES), _shown(outcome, number, Side.NO))
        if binary.active and after.status not in OVER
        else None
        for number, binary in enumerate(after.binaries)
    ]


def _shown(outcome: TickOutcome, number: int, side: Side) -> int:
    return whole_tenths(price_micro(outcome.after, outcome.params, number, side))


def alert_notices(outcome: TickOutcome, shown: Sequence[Shown | None], alerts: Sequence[Alert]) -> list[Notice]:
    """Of `alerts` that are over, one a person: what passed and what is gone."""
    passed: dict[int, list[Json]] = {}
    gone: dict[int, list[Json]] = {}
    for alert in sorted(alerts, key=lambda alert: (alert.outcome, alert.side is Side.NO, alert.price)):
        prices, asked = shown[alert.outcome], [alert.outcome, alert.side.value, alert.price]
        if prices is None:
            gone.setdefault(alert.person, []).append([*asked])
        else:
            passed.setdefault(alert.person, []).append([*asked, alert.above, prices[alert.side is Side.NO]])
    return [
        _to_person(person, {"at_ms": outcome.now_ms, "passed": passed.get(person, []), "gone": gone.get(person, [])})
        for person in sorted({*passed, *gone})
    ]


def _to_person(person: int, payload: Payload) -> Notice:
    return Notice(kind="alert", audience=NoticeAudience.PERSON, payload=payload, person=person)
