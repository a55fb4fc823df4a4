"""A command is declared once: a typed async function whose signature is the grammar and whose docstring is the help.

    @command("buy", role=Role.MEMBER, examples=("/buy germany yes 100",))
    async def buy(ctx, *, market: MarketView, outcome: OutcomeArg, slippage: SlippageArg | None = None) -> Reply:
        '''One line that says what it does.

        outcome: what this argument means, where the type's own words are not enough
        '''

Keyword arguments annotated with a type (`bot.grammar.types`) are typed by people, in this order; a default makes one
optional. An `ArgumentGroup` stands for all of its fields. Those annotated with a `Given` class are loaded by the
dispatcher and never typed.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

from bot.chat.invocation import ChatKind
from bot.chat.permissions import EVERYWHERE, PLATFORMS, Role, Rule
from bot.chat.reply import Reply
from bot.grammar.types import CONFIRM, ArgumentType
from storage.keys import Scope

Handler = Callable[..., Awaitable[Reply]]
Ready = Callable[..., Reply | None]  # takes the market the line speaks of; of a type that stands above this floor


class Given:
    """Base of what a handler can ask for without the person typing it (its market, their account)."""

    of_market: ClassVar[bool] = True  # whether it can be had only where there is a market


class ArgumentGroup:
    """Base of a frozen, keyword-only dataclass whose fields are arguments that several commands share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One typed argument. `about` is one line of help."""

    name: str
    kind: ArgumentType[object]
    required: bool
    about: str


@dataclass(frozen=True, kw_only=True)  # without slots: it keeps what it has worked out
class Signature:
    """What a handler asks for: `params` as they are typed; `given` maps keyword to the class that is loaded for it, and
    whether it can do without; `groups` maps keyword to the group that is made of the params of its fields."""

    params: tuple[Param, ...]
    given: tuple[tuple[str, type[Given], bool], ...]
    groups: tuple[tuple[str, type[ArgumentGroup], tuple[str, ...]], ...]

    @cached_property
    def typed(self) -> tuple[Param, ...]:
        return tuple(param for param in self.params if param.kind is not CONFIRM)

    @cached_property
    def shapes(self) -> tuple[str, ...]:
        """How each argument that is typed looks in a usage."""
        shapes = []
        for param in self.typed:
            shape = param.kind.shape if "|" in param.kind.shape else param.name
            shape = f"{param.name} {param.kind.shape}" if param.kind.named else shape
            shapes.append(shape if param.required else f"[{shape}]")
        return tuple(shapes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`name` is what is typed after the slash (`admin create`). The other fields are the arguments of `command` and
    what its function's signature and docstring say."""

    name: str
    run: Handler
    signature: Signature
    summary: str
    details: str
    examples: tuple[str, ...]
    hidden: bool
    ready: Ready | None
    rule: Rule
    help_under: Role
    for_all: bool
    may_ask: frozenset[str]
    selling: bool
    any_rules: bool
    heavy: bool
    submit: str

    @property
    def params(self) -> tuple[Param, ...]:
        return self.signature.params

    @property
    def given(self) -> tuple[tuple[str, type[Given], bool], ...]:
        return self.signature.given

    @property
    def usage(self) -> str:
        """`/buy outcome yes|no amount [slippage 5%]`."""
        return " ".join([f"/{self.name}", *self.signature.shapes])

    @property
    def typed(self) -> tuple[Param, ...]:
        """What people type: not the code that a preview's button carries."""
        return self.signature.typed

    @property
    def speaks_of_market(self) -> bool:
        """Whether its arguments or its function need the market of the chat it is said in."""
        return any(wanted.of_market for _, wanted, _ in self.given) or any(p.kind.of_market for p in self.params)

    def param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)

    def wants(self, wanted: type[Given]) -> bool:
        """Whether its function asks for this, be it that it can do without."""
        return any(asked is wanted for _, asked, _ in self.given)

    def needs(self, wanted: type[Given]) -> bool:
        """Whether its function cannot do without this."""
        return any(asked is wanted and not optional for _, asked, optional in self.given)

    def arguments(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values of a line as the function takes them: those of a group gathered in it."""
        passed = dict(values)
        for keyword, group, names in self.signature.groups:
            passed[keyword] = group(**{name: passed.pop(name) for name in names if name in passed})
        return passed


def command(
    name: str,
    *,
    role: Role,
    chats: frozenset[ChatKind] | None = None,
    platforms: frozenset[str] = PLATFORMS,
    by_key: Iterable[Scope] = (),
    examples: tuple[str, ...] = (),
    hidden: bool = False,
    ready: Ready | None = None,
    help_under: Role | None = None,
    for_all: bool = False,
    may_ask: Iterable[str] = (),
    selling: bool = False,
    any_rules: bool = False,
    heavy: bool = False,
    submit: str = "Go on",
) -> Callable[[Handler], Command]:
    """Declare a command from its function. Raises TypeError where the function is no declaration.

    role: who may say it
    chats: where; everywhere if left out
    platforms: those that have it
    by_key: the keys by which a program may say it; none: people alone
    examples: lines for help and manual
    hidden: it stands behind buttons; it works when typed, but help, menus and completion are silent about it
    ready: says first of all why the market is not ready for this, if it is not
    help_under: the role among whose commands help lists it, where that is another than its own
    for_all: everybody in the chat may read the answer; adapters that must know before there is an answer go by this,
        the answer's own `audience` decides in the end
    may_ask: it answers with a form as long as it lacks one of these arguments, which Discord lets people leave out
    selling: its amounts and outcomes are of what the person holds
    any_rules: it only reads the market, or calls it off, and so may be said of one that older rules began
    heavy: it costs so much more than a line that it is counted by itself, for the person and for the chat
    submit: what the button of its form says
    """
    places = chats if chats is not None else EVERYWHERE

    def declare(run: Handler) -> Command:
        wanted = _read_signature(run)
        summary, details, abouts = _read_docstring(run, {param.name for param in wanted.params})
        return Command(
            name=name,
            run=run,
            signature=_explained(wanted, abouts),
            summary=summary,
            details=details,
            examples=examples,
            hidden=hidden,
            ready=ready,
            rule=Rule(role, places, platforms, frozenset(by_key)),
            help_under=help_under or role,
            for_all=for_all,
            may_ask=frozenset(may_ask),
            selling=selling,
            any_rules=any_rules,
            heavy=heavy,
            submit=submit,
        )

    return declare


def _read_docstring(run: Handler, names: set[str]) -> tuple[str, str, dict[str, str]]:
    """(summary, details, what it says of each argument)."""
    text = inspect.getdoc(run)
    if not text:
        raise TypeError(f"{run!r} has no docstring: it is the help")
    summary, _, rest = text.partition("\n")
    abouts: dict[str, str] = {}
    prose: list[str] = []
    for row in rest.strip().splitlines():
        argument = re.match(r"(\w+): (.+)", row)
        if argument and argument[1] in names:
            abouts[argument[1]] = argument[2]
        else:
            prose.append(row)
    return summary.strip(), " ".join(" ".join(prose).split()), abouts


def _explained(signature: Signature, abouts: Mapping[str, str]) -> Signature:
    """With the docstring's words for an argument where it has some."""
    params = tuple(
        Param(name=param.name, kind=param.kind, required=param.required, about=abouts.get(param.name, param.about))
        for param in signature.params
    )
    return Signature(params=params, given=signature.given, groups=signature.groups)


def _read_signature(run: Handler) -> Signature:
    hints = get_type_hints(run, include_extras=True)
    params: list[Param] = []
    given: list[tuple[str, type[Given], bool]] = []
    groups: list[tuple[str, type[ArgumentGroup], tuple[str, ...]]] = []
    for name, parameter in inspect.signature(run).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        kind, optional = _unwrap(hints[name])
        if isinstance(kind, ArgumentType):
            params.append(_param(name, kind, required=parameter.default is inspect.Parameter.empty))
        elif isinstance(kind, type) and issubclass(kind, Given):
            given.append((name, kind, optional))
        elif isinstance(kind, type) and issubclass(kind, ArgumentGroup):
            inner = _group_params(kind)
            params += inner
            groups.append((name, kind, tuple(param.name for param in inner)))
        else:
            raise TypeError(f"{name} of {run!r} is neither a type of argument, a group, nor given by the dispatcher")
    return Signature(params=tuple(params), given=tuple(given), groups=tuple(groups))


def _group_params(group: type[ArgumentGroup]) -> list[Param]:
    hints = get_type_hints(group, include_extras=True)
    params = []
    for field in fields(group):  # type: ignore[arg-type]  # every group is a dataclass; `fields` raises TypeError if not
        kind, _ = _unwrap(hints[field.name])
        if not isinstance(kind, ArgumentType):
            raise TypeError(f"{field.name} of {group!r} is no type of argument")
        params.append(_param(field.name, kind, required=field.default is MISSING))
    return params


def _param(name: str, kind: ArgumentType[object], *, required: bool) -> Param:
    return Param(name=name, kind=kind, required=required, about=kind.about)


def _unwrap(hint: Any) -> tuple[object, bool]:  # annotations have no type of their own
    """The type or class behind `Annotated[int, TYPE]`, `Annotated[int, TYPE] | None` and `MarketView | None`."""
    optional = False
    if get_origin(hint) in {Union, types.UnionType}:
        inner = [choice for choice in get_args(hint) if choice is not type(None)]
        optional = len(inner) < len(get_args(hint))
        if len(inner) != 1:
            return None, optional
        hint = inner[0]
    if get_origin(hint) is Annotated:
        return get_args(hint)[1], optional
    return hint, optional
