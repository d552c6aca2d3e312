"""The errors that a user may see, each saying what is wrong, where, and what to do.

Belongs here: the base class and its rendering. Does not: error classes of one module only, which live in that module.
"""


class FqError(Exception):
    """An error with a remedy, shown to users without a traceback.

    Args:
        what: One sentence saying what is wrong.
        where: The table, collection, file and line, or setting concerned; empty where `what` names it.
        fix: What the reader can do about it, in the imperative.
        transient: Whether it may pass by itself, so that the same may be tried again: a server that is not there for a
            while, other writers at the same table. Whoever recognises a cause knows; a step then retries by itself.
    """

    def __init__(self, what: str, *, where: str = "", fix: str, transient: bool = False) -> None:
        self.what = what.rstrip(".")
        self.where = where
        self.fix = fix
        self.transient = transient
        super().__init__(str(self))

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        return f"{self.what}{where}. {self.fix}"
