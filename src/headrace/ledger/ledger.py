"""The ledger: one database that says what is, who decided it, and since when."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from headrace.errors import StorageError
from headrace.ledger.storage.engine import OPEN_ERRORS, cannot_open, make_engine, parse_url, safe_url
from headrace.ledger.storage.epoch import Epoch
from headrace.ledger.storage.readers import Readers
from headrace.ledger.storage.upgrade import upgrade
from headrace.ledger.storage.writer import LedgerWriter, Write

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["Ledger", "Write"]

T = TypeVar("T")


class Ledger:
    """An opened ledger. Safe to share between threads; not to be carried across a fork."""

    def __init__(self, engine: Engine, *, url: str) -> None:
        self.safe_url = url
        """Where it lies, without credentials."""
        self._engine = engine
        self._writer = LedgerWriter(engine, where=url)
        self._readers = Readers(engine, name="The ledger")
        self._epoch = Epoch(engine)
        self._kept: dict[str, tuple[int, Any]] = {}

    @classmethod
    def open(cls, url: str) -> Ledger:
        """Open a ledger, creating or upgrading its tables if need be.

        `url` is `sqlite:///<file>` or `postgresql://user@host/database`, there optionally with
        `?headrace_schema=<name>` so that several workspaces share one database. Raises SchemaTooNew,
        UsageError, and StorageError when the database cannot be reached.
        """
        parsed = parse_url(url)
        where = safe_url(parsed)
        try:
            engine = make_engine(parsed)
            upgrade(engine, parsed)
        except OPEN_ERRORS as error:
            raise cannot_open("ledger", where, error) from error
        return cls(engine, url=where)

    @property
    def engine_name(self) -> Literal["sqlite", "postgresql"]:
        """Which database it lives in."""
        return "sqlite" if self._engine.dialect.name == "sqlite" else "postgresql"

    @property
    def engine(self) -> Engine:
        """The database itself, for upkeep that no transaction can do."""
        return self._engine

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot of the whole ledger, unmoved by writes that happen meanwhile."""
        return self._readers.read()

    def kept(self, name: str, read: Callable[[Connection], T]) -> T:
        """What `read` finds, without reading again as long as nobody has committed since.

        For small things that are asked for with every request; as current as `read` itself. `name` stands for
        the question and is one of few.
        """
        epoch = self._epoch()
        found = self._kept.get(name)
        if epoch is not None and found is not None and found[0] == epoch:
            value: T = found[1]
            return value
        with self.read() as conn:
            value = read(conn)
        if epoch is not None:
            self._kept[name] = (epoch, value)
        return value

    def write(self, work: Callable[[Write], T]) -> T:
        """Run work in a write transaction and return its value once that is durable.

        What `work` raises takes back its own changes and is raised here. It runs on the writer thread, so
        it must be short and must not call `write` itself.
        """
        if self._writer.is_current():
            raise StorageError(
                "A write was started inside a write, which would wait for itself.",
                hint="Pass the `Write` on to the functions that need it.",
            )
        return self.submit(work).result()

    def submit(self, work: Callable[[Write], T]) -> Future[T]:
        """Queue work like `write`; the future resolves once it is durable."""
        return self._writer.submit(work)

    def close(self) -> None:
        """Finish queued writes and close every connection; closing twice is allowed."""
        self._writer.close()
        self._readers.close()
        self._epoch.close()
        self._engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
