"""A command's examples as they can be sent where they are shown: with outcomes of the market there."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.invocation import ParseContext
from bot.grammar import parser
from bot.grammar.book import OrderNumber, OrderNumberType
from bot.grammar.command import Command, Param
from bot.grammar.outcomes import OutcomesType, OutcomeType
from bot.text.outcome_names import outcome_number, typed_outcome

DECLARED = ("Germany", "Brazil", "Costa Rica", "Chile")
"""The outcomes that examples are declared with."""


def examples_here(command: Command, context: ParseContext) -> list[str]:
    """Each once; those that could not be read here are left out. As declared where there is no market."""
    if not context.outcomes:
        return list(command.examples)
    lines = dict.fromkeys(_here(command, example, context) for example in command.examples)
    return [line for line in lines if not parser.parse(command, _rest(command, line), context).problems]


def example_here(command: Command, context: ParseContext) -> str:
    """The first of them; of one that has none, its name."""
    return next(iter(examples_here(command, context)), f"/{command.name}")


def _rest(command: Command, line: str) -> str:
    return line.removeprefix(f"/{command.name}").lstrip()


def _here(command: Command, example: str, context: ParseContext) -> str:
    declared = replace(context, outcomes=DECLARED, active=())
    parsed = parser.parse(command, _rest(command, example), declared)
    typed = {
        param.name: _typed(param, parsed.values[param.name], parsed.typed[param.name], context)
        for param in command.params
        if param.name in parsed.typed
    }
    return parser.typed_line(command, typed)


def _typed(param: Param, value: object, text: str, context: ParseContext) -> str:
    if isinstance(param.kind, OutcomeType) and isinstance(value, int):
        return _outcome(value, text, context)
    if isinstance(param.kind, OutcomesType) and isinstance(value, tuple):
        return ", ".join(dict.fromkeys(_outcome(outcome, text, context) for outcome in value))
    if isinstance(param.kind, OrderNumberType) and isinstance(value, OrderNumber) and value.number and context.waiting:
        return str(context.waiting[-1].number)
    return text


def _outcome(declared: int, text: str, context: ParseContext) -> str:
    """One that is still in, if any is; by number where the example has a number."""
    names = context.outcomes
    still_in = [outcome for outcome in range(len(names)) if context.is_active(outcome)] or list(range(len(names)))
    outcome = still_in[declared % len(still_in)]
    return outcome_number(names, outcome) if text.isdigit() else typed_outcome(names, outcome).lower()
