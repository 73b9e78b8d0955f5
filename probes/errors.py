"""The one user-facing error of weakspot.

Raised where the user's input or the machine is at fault; the command line prints it without a
traceback, as `error: what failed / where / hint: what to do`, and exits with `exit_code`. A model's
fault is never an error: it is a row.
"""

from __future__ import annotations


class WeakspotError(Exception):
    """What failed with its value, where, and what to do about it."""

    def __init__(self, message: str, *, where: str = "", hint: str = "", exit_code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        """File, line, table or place looked in; may span lines."""
        self.hint = hint
        """The next command to type or thing to change."""
        self.exit_code = exit_code
        """1 the run failed, 2 usage or configuration."""

    def __str__(self) -> str:
        parts = [f"error: {self.message}"]
        parts += [f"  {line}" for line in self.where.splitlines()]
        if self.hint:
            first, *rest = self.hint.splitlines()
            parts.append(f"hint: {first}")
            parts += [f"      {line}" for line in rest]
        return "\n".join(parts)

    def __reduce__(self):
        return _rebuild, (type(self), self.message, self.where, self.hint, self.exit_code)


def _rebuild(cls: type[WeakspotError], message: str, where: str, hint: str, exit_code: int) -> WeakspotError:
    return cls(message, where=where, hint=hint, exit_code=exit_code)
