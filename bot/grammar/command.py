"""A command is declared once: a typed async function whose signature is the grammar and whose docstring is the help.

    @command("buy", examples=("/buy germany yes 100",))
    async def buy(ctx, *, market: MarketView, outcome: OutcomeArg, slippage: SlippageArg | None = None) -> Reply:
        '''One line that says what it does.

        outcome: what this argument means, where the kind's own words are not enough
        '''

Keyword arguments annotated with a kind (`bot.params`) are typed by people, in this order; a default makes one optional.
Those annotated with a `Given` class are loaded by the dispatcher and never typed.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin, get_type_hints

from bot.chat.reply import Reply
from bot.grammar.types import CONFIRM, ArgumentType

if TYPE_CHECKING:
    from bot.market.context import MarketView

Handler = Callable[..., Awaitable[Reply]]
Ready = Callable[["MarketView"], Reply | None]


class Given:
    """Base of what a handler can ask for without the person typing it (its market, her account)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One typed argument. `about` is one line of help."""

    name: str
    kind: ArgumentType[object]
    required: bool
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`name` is what is typed after the slash (`admin create`); `given` maps keyword to the class it asks for, and
    whether it can do without. A hidden command stands behind buttons: it works, but help and completion are silent."""

    name: str
    run: Handler
    params: tuple[Param, ...]
    given: tuple[tuple[str, type[Given], bool], ...]
    summary: str
    details: str
    examples: tuple[str, ...]
    hidden: bool
    ready: Ready | None  # says first of all why the market is not ready for this, if it is not

    @property
    def usage(self) -> str:
        """`/buy outcome yes|no amount [slippage 5%]`."""
        parts = [f"/{self.name}"]
        for param in self.typed:
            shape = param.kind.shape if "|" in param.kind.shape else param.name
            shape = f"{param.name} {param.kind.shape}" if param.kind.named else shape
            parts.append(shape if param.required else f"[{shape}]")
        return " ".join(parts)

    @property
    def typed(self) -> tuple[Param, ...]:
        """What people type: not the code that a preview's button carries."""
        return tuple(param for param in self.params if param.kind is not CONFIRM)

    @property
    def speaks_of_market(self) -> bool:
        """Whether its arguments or its function need the market of the chat it is said in."""
        return bool(self.given) or any(param.kind.of_market for param in self.params)

    def param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)


def command(
    name: str, *, examples: tuple[str, ...] = (), hidden: bool = False, ready: Ready | None = None
) -> Callable[[Handler], Command]:
    """Declare a command from its function."""

    def declare(run: Handler) -> Command:
        summary, details, abouts = _read_docstring(run)
        params, given = _read_signature(run, abouts)
        return Command(
            name=name,
            run=run,
            params=params,
            given=given,
            summary=summary,
            details=details,
            examples=examples,
            hidden=hidden,
            ready=ready,
        )

    return declare


def _read_docstring(run: Handler) -> tuple[str, str, dict[str, str]]:
    text = inspect.getdoc(run)
    if not text:
        raise TypeError(f"{run!r} has no docstring: it is the help")
    summary, _, rest = text.partition("\n")
    abouts: dict[str, str] = {}
    prose: list[str] = []
    names = set(inspect.signature(run).parameters)
    for row in rest.strip().splitlines():
        found = re.match(r"(\w+): (.+)", row)
        if found and found[1] in names:
            abouts[found[1]] = found[2]
        else:
            prose.append(row)
    return summary.strip(), " ".join(" ".join(prose).split()), abouts


def _read_signature(
    run: Handler, abouts: dict[str, str]
) -> tuple[tuple[Param, ...], tuple[tuple[str, type[Given], bool], ...]]:
    hints = get_type_hints(run, include_extras=True)
    params: list[Param] = []
    given: list[tuple[str, type[Given], bool]] = []
    for name, parameter in inspect.signature(run).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        kind, optional = _unwrap(hints[name])
        required = parameter.default is inspect.Parameter.empty
        if isinstance(kind, ArgumentType):
            params.append(Param(name=name, kind=kind, required=required, about=abouts.get(name, kind.about)))
        elif isinstance(kind, type) and issubclass(kind, Given):
            given.append((name, kind, optional))
        else:
            raise TypeError(f"{name} of {run!r} is neither a kind of value nor given by the dispatcher")
    return tuple(params), tuple(given)


def _unwrap(hint: Any) -> tuple[object, bool]:  # annotations have no type of their own
    """The kind or class behind `Annotated[int, KIND]`, `Annotated[int, KIND] | None` and `MarketView | None`."""
    optional = False
    if get_origin(hint) in {Union, types.UnionType}:
        inner = [one for one in get_args(hint) if one is not type(None)]
        optional = len(inner) < len(get_args(hint))
        if len(inner) != 1:
            return None, optional
        hint = inner[0]
    if get_origin(hint) is Annotated:
        return get_args(hint)[1], optional
    return hint, optional
