"""Telegram: groups, supergroups with topics, channels and private chats. The only package that imports `telegram`."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library then gives spans as timedelta and does not warn of ints

NAME = "telegram"
