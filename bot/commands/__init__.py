"""Every command there is, each declared once; adapters, help, completion and the tests are made from this tuple."""

from __future__ import annotations

from bot.commands.account import balance, join, markets, positions, trades
from bot.commands.admin_channel import channel, roles
from bot.commands.admin_decide import approve, correct, eliminate, resolve, void
from bot.commands.admin_members import announce, grant, log, post, users
from bot.commands.admin_reports import export, graph, monitor
from bot.commands.admin_run import freeze, pause, rehearse, resume, start
from bot.commands.admin_schedule import schedule
from bot.commands.admin_season import season
from bot.commands.admin_setup import create, open_, set_
from bot.commands.help import help_, start_here
from bot.commands.identity import forget, link, privacy
from bot.commands.orders import cancel_order, orders, press_cancel
from bot.commands.settings import ask_slippage, settings
from bot.commands.trade import buy, cancel, change, confirm, quote, sell
from bot.commands.views import board, book, chart, depth, leaderboard, rules, tape, verify
from bot.grammar.command import Command

COMMANDS: tuple[Command, ...] = (
    join,
    buy,
    sell,
    quote,
    cancel_order,
    orders,
    positions,
    balance,
    trades,
    board,
    book,
    depth,
    chart,
    leaderboard,
    tape,
    verify,
    markets,
    settings,
    link,
    privacy,
    forget,
    rules,
    help_,
    start_here,
    confirm,
    cancel,
    change,
    press_cancel,
    ask_slippage,
    create,
    set_,
    schedule,
    open_,
    start,
    freeze,
    resume,
    pause,
    eliminate,
    resolve,
    correct,
    approve,
    void,
    grant,
    monitor,
    users,
    announce,
    post,
    channel,
    roles,
    log,
    export,
    graph,
    season,
    rehearse,
)
