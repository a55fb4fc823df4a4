"""What every repository is: statements on the one connection of its unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.unit_of_work import UnitOfWork


class Repository:
    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
