"""How Discord says no: a status, a code, a sentence and, for a bad body, what is wrong at which place of it."""

from __future__ import annotations

from .json_values import Json

Path = tuple[str | int, ...]


class ApiError(Exception):
    """An answer that is an error; `errors` is the tree of a 50035."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} ({code}): {message} {errors or ''}".rstrip())
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        shown: Json = {"message": self.message, "code": self.code}
        return shown | {"errors": self.errors} if self.errors is not None else shown


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def unknown(code: int, what: str) -> ApiError:
    """10003 Channel, 10004 Guild, 10007 Member, 10008 Message, 10013 User, 10015 Webhook, 10062 interaction."""
    return ApiError(404, code, f"Unknown {what}")


class FormErrors:
    """Collects what is wrong with a body, then refuses it as a whole, as Discord does."""

    def __init__(self) -> None:
        self._tree: Json = {}

    def wrong(self, path: Path, code: str, message: str) -> None:
        node = self._tree
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def done(self) -> None:
        if self._tree:
            raise ApiError(400, 50035, "Invalid Form Body", self._tree)

    def required(self, path: Path) -> None:
        self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")

    def text(self, path: Path, value: object, least: int, most: int) -> bool:
        """A string of `least` to `most` characters. A missing one is wrong where `least` is above 0."""
        if value is None and least == 0:
            return True
        if value is None:
            self.required(path)
        elif not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        elif not least <= len(value) <= most:
            if least:
                self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
            else:
                self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        else:
            return True
        return False

    def items(self, path: Path, value: object, least: int, most: int) -> list[Json]:
        """A list of `least` to `most` objects; what is no object is told and left out."""
        if value is None:
            if least:
                self.required(path)
            return []
        if not isinstance(value, list):
            self.wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
            return []
        if not least <= len(value) <= most:
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                self.wrong((*path, index), "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return [item if isinstance(item, dict) else {} for item in value]

    def number(self, path: Path, value: object, least: float, most: float, *, whole: bool = True) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            self.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not {"int" if whole else "float"}.')
        elif value < least:
            self.wrong(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}.")
        elif value > most:
            self.wrong(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        else:
            return True
        return False

    def one_of(self, path: Path, value: object, allowed: tuple[object, ...]) -> bool:
        if isinstance(value, bool) or value not in allowed:
            shown = ", ".join(map(str, allowed))
            self.wrong(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{shown}}}.")
            return False
        return True

    def flag(self, path: Path, value: object) -> None:
        if value is not None and not isinstance(value, bool):
            self.wrong(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
