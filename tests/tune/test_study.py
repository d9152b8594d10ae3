"""Trials in a storage: what processes that share it try, what they leave, what is no storage."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chainrule.tune import Rungs, Study, choice, log_uniform, uniform
from chainrule.tune.storage import without_password


optuna = pytest.importorskip("optuna")
IntegrityError = pytest.importorskip("sqlalchemy").exc.IntegrityError
SPACE = {"a": uniform(0, 1), "b": log_uniform(1e-3, 1), "c": choice("x", None)}
FIRST = {"a": 0.5, "b": 0.1, "c": None}
BOTH_KINDS = pytest.mark.parametrize("storage", ["s.db", "s.journal"])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def opened(storage, purpose="p", seed=0):
    return Study(storage, SPACE, purpose, Rungs(1), seed)


def loss(values, report):
    report(1, values["a"])
    return values["a"]


def tried(storage, trials, begins=True):
    """The values of so many trials."""
    study = opened(storage)
    if begins:
        study.begin_with(FIRST)
    return [record.values for record in study.run(loss, trials, float("inf"))]


@BOTH_KINDS
def test_processes_that_begin_at_once_share_one_search(storage):
    barrier = threading.Barrier(4)

    def member(_):
        barrier.wait()
        return tried(storage, 2)

    with ThreadPoolExecutor(4) as pool:
        values = [x for found in pool.map(member, range(4)) for x in found]
    assert values.count(FIRST) == 1
    assert len({x["a"] for x in values}) == 8
    assert sorted(record.number for record in opened(storage).records()) == list(range(8))


def test_tables_that_another_process_makes_at_the_same_moment_are_waited_for(monkeypatch):
    make, calls = optuna.storages.RDBStorage.__init__, []

    def late(*arguments, **settings):
        calls.append(arguments)
        if len(calls) == 1:
            raise IntegrityError("INSERT", None, Exception("UNIQUE constraint failed"))
        make(*arguments, **settings)

    monkeypatch.setattr(optuna.storages.RDBStorage, "__init__", late)
    assert tried("s.db", 1) == [FIRST]


def test_search_in_two_parts_tries_what_one_search_does():
    assert tried("parts.journal", 7) + tried("parts.journal", 6) == tried("whole.journal", 13)


def test_first_values_are_tried_again_after_an_interrupt():
    def interrupted(values, report):
        raise KeyboardInterrupt

    study = opened("s.journal")
    study.begin_with(FIRST)
    with pytest.raises(KeyboardInterrupt):
        list(study.run(interrupted, 1, float("inf")))
    assert FIRST not in tried("s.journal", 1, begins=False)
    opened("s.journal").begin_with(FIRST)
    assert tried("s.journal", 1) == [FIRST]
    assert tried("s.journal", 1) != [FIRST]


@BOTH_KINDS
def test_trial_of_a_killed_process_is_no_record_and_stops_nobody(storage):
    study = opened(storage)
    study._study.ask()  # and never told
    assert [record.number for record in study.run(loss, 2, float("inf"))] == [1, 2]
    assert [record.number for record in opened(storage).records()] == [1, 2]


def test_lock_of_a_killed_process_is_given_up_after_a_while(tmp_path, monkeypatch):
    moments = iter(range(1_000))

    class Clock:
        monotonic = staticmethod(lambda: next(moments))
        sleep = staticmethod(lambda seconds: None)

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "s.journal.lock").touch()
    monkeypatch.setattr(optuna.storages.journal._file, "time", Clock)
    assert tried("out/s.journal", 1) == [FIRST]


def test_storage_that_is_lost_is_one_error(tmp_path):
    def loses(values, report):
        (tmp_path / "s.journal").unlink()
        (tmp_path / "s.journal").mkdir()
        return loss(values, report)

    with pytest.raises(OSError, match=r"storage s\.journal cannot be used: Is a directory"):
        list(opened("s.journal").run(loses, 2, float("inf")))


@pytest.mark.parametrize("name", ["chainrule", "theirs"])
def test_trials_of_another_program_are_left_alone(name):
    other = optuna.create_study(storage="sqlite:///s.db", study_name=name)
    other.enqueue_trial({"x": 1})
    if name == "chainrule":
        with pytest.raises(ValueError, match=r"s\.db holds trials of another program, not for p"):
            opened("s.db")
    else:
        assert tried("s.db", 1) == [FIRST]
    assert len(other.get_trials()) == 1


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("table.db", "file is not a database; expected a SQLite file"),
        ("table.csv", "table.csv is no journal of trials"),
        ("text", "text is no journal of trials"),
        ("other.json", "other.json is no journal of trials"),
        ("folder", "storage folder cannot be used: Is a directory; expected a journal file"),
        ("none/s.db", "unable to open database file; expected a SQLite file"),
        ("none/s.journal", "No such file or directory; expected a journal file"),
        ("sqlite://", "forgotten with its process"),
        ("sqlite://s.db", "Invalid SQLite URL"),
        ("nonsense://u:secret@h/x", r"nonsense://u:\*\*\*@h/x cannot be used: Can't load plugin"),
        ("postgresql://u:secret@h:port/x", r"u:\*\*\*@h:port/x is no URL of a database"),
        ("postgresql+psycopg2://u:secret@h/x", r"lacks its driver \(.*psycopg2.*\); name one"),
    ],
)
def test_what_is_no_storage_is_refused_and_left_as_it_was(tmp_path, monkeypatch, storage, message):
    monkeypatch.setattr("chainrule.tune.storage._PAUSE", 0)
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    (tmp_path / "folder").mkdir()
    files = {"table.db": "a,b\n" * 99, "table.csv": "a,b\n1,2\n", "text": "a"}
    files["other.json"] = '{"a": 1}\n'
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    before = {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises((OSError, ValueError, ModuleNotFoundError), match=message) as refused:
        opened(storage)
    assert "secret" not in str(refused.value) and "\n" not in str(refused.value)
    assert before == {
        path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()
    }


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        ("postgresql://u:p@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p/:@q@h:1/d", "postgresql://u:***@h:1/d"),
        ("postgresql://h/d?user=u&password=p&x=1", "postgresql://h/d?user=u&password=***&x=1"),
        ("postgresql://u@h:1/d", "postgresql://u@h:1/d"),
        ("a:b@c.journal", "a:b@c.journal"),
    ],
)
def test_password_is_not_shown(storage, shown):
    assert without_password(storage) == shown
