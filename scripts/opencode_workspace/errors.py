"""The one exception a person may see: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

EXIT_FINDINGS = 1
EXIT_UNUSABLE = 2


class UserError(Exception):
    """A mistake in the input or the environment, told in one line.

    what: the problem, without a full stop.
    where: file, `file:line`, or `file: JSON pointer`; empty when there is no place to point at.
    remedy: what to do next, as an imperative sentence.
    exit_code: EXIT_FINDINGS (1) when the input was read and found wanting,
        EXIT_UNUSABLE (2) when it could not be used at all.
    """

    def __init__(
        self, what: str, where: str = "", remedy: str = "", *, exit_code: int = EXIT_UNUSABLE
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is pickled by its args alone, and would come back from a process without
        # its place.
        return (_restored, (type(self), self.args, self.__dict__))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f". {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"


class UserErrors(UserError):
    """Several mistakes of one input, told together, one line each."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        super().__init__("; ".join(error.what for error in errors))
        self.errors = tuple(errors)
        self.exit_code = max(error.exit_code for error in errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def _restored(
    kind: type[UserError], arguments: tuple[object, ...], state: dict[str, object]
) -> UserError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error
