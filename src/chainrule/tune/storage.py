"""Where trials are kept: a journal, a SQLite file, or the database of a URL."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


_DATABASES = (".db", ".sqlite", ".sqlite3")
_WAIT = 60  # seconds that a SQLite file may be locked by another process
_TRIES, _PAUSE = 10, 0.3  # of making tables; seconds between
_URL = "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, with %40 for an @ in the password"
_IN_MEMORY = ("sqlite://", "sqlite:///", "sqlite:///:memory:")


def opened(optuna: Any, storage: str) -> Any:
    """The storage of optuna that a URL, or the name of a file, stands for.

    Errors as of `storage_errors`; ModuleNotFoundError without the driver that a URL names.
    """
    if "://" in storage:
        return _database(optuna, storage)
    if Path(storage).suffix in _DATABASES:
        return _database(optuna, f"sqlite:///{Path(storage).absolute()}")
    return _journal(storage)


@contextmanager
def storage_errors(optuna: Any, storage: str) -> Iterator[None]:
    """While this lasts what fails in the storage is an OSError of one line, without a password."""
    from sqlalchemy.exc import SQLAlchemyError  # pyright: ignore[reportMissingImports]

    try:
        yield
    except (OSError, SQLAlchemyError, optuna.exceptions.OptunaError, RuntimeError) as error:
        text = f"the storage {without_password(storage)} cannot be used: {_reason(error)}"
        raise OSError(f"{text}; expected {_expected(storage)}") from error


def without_password(storage: str) -> str:
    """A storage as it may be shown: *** for a password of its URL."""
    shown = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", storage)
    return re.sub(r"(?i)([?&][a-z]*(?:password|passwd|pwd)=)[^&]*", r"\1***", shown)


def _database(optuna: Any, url: str) -> Any:
    import sqlalchemy  # pyright: ignore[reportMissingImports]
    from sqlalchemy.exc import DBAPIError  # pyright: ignore[reportMissingImports]

    if url in _IN_MEMORY:
        raise ValueError(
            f"the storage {url} is forgotten with its process; name a file or a server"
        )
    settings = {"connect_args": {"timeout": _WAIT}} if url.startswith("sqlite") else {}
    try:
        engine = sqlalchemy.create_engine(url)
        engine.connect().close()
        engine.dispose()
    except ImportError as error:
        raise ModuleNotFoundError(
            f"the storage {without_password(url)} lacks its driver ({_reason(error)}); name one "
            "that is installed: pip install 'psycopg[binary]' for postgresql+psycopg://, "
            "pip install pymysql for mysql+pymysql://"
        ) from None
    except ValueError:
        raise ValueError(
            f"the storage {without_password(url)} is no URL of a database; expected {_URL}"
        ) from None
    for rest in reversed(range(_TRIES)):
        # Others that find the database empty make the tables at the same moment.
        try:
            return optuna.storages.RDBStorage(
                url.replace("{", "{{").replace("}", "}}"),  # optuna takes a template
                engine_kwargs={"pool_pre_ping": True, **settings},
            )
        except DBAPIError:
            if not rest:
                raise
            time.sleep(_PAUSE)


def _journal(storage: str) -> Any:
    from optuna.storages import JournalStorage  # pyright: ignore[reportMissingImports]
    from optuna.storages.journal import (  # pyright: ignore[reportMissingImports]
        JournalFileBackend,
        JournalFileOpenLock,
    )

    is_other = f"{storage} is no journal of trials; expected one of `chainrule tune`, or a new name"
    # optuna would write behind a line that it cannot read.
    if Path(storage).is_file():
        with open(storage, "rb") as file:
            if file.read(1) not in (b"", b"{"):
                raise ValueError(is_other)
    # The lock that is a symbolic link is never given up where a killed process left it: optuna
    # looks for its age at the other end, which for a relative path is not there.
    lock = JournalFileOpenLock(storage)
    try:
        return JournalStorage(JournalFileBackend(storage, lock))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{is_other} ({error})") from error


def _reason(error: BaseException) -> str:
    """The first line that the driver says, where one does, without what stands before an @.

    That is part of the password where it holds an @ itself.
    """
    cause = error.__cause__ if error.__cause__ is not None else error
    text = str(getattr(cause, "orig", None) or getattr(cause, "strerror", None) or cause)
    line = text.strip().split("\n")[0].rstrip(".;: ") or type(cause).__name__
    return re.sub(r"[^\s'\"]+@", "***@", line)


def _expected(storage: str) -> str:
    if "://" in storage and not storage.startswith("sqlite"):
        return f"a database that answers and may be written to, as {_URL}"
    kind = "SQLite" if "sqlite" in storage or Path(storage).suffix in _DATABASES else "journal"
    return f"a {kind} file that may be written to, in a folder that is there"
