"""LLVM IR as machine code: it runs, it is found again, it goes when nobody needs it."""

import ctypes
import dataclasses
import gc
import sys
import threading
import weakref

import pytest

from chainrule.compile import build, cache
from chainrule.compile.build import CompileError, emit_assembly, emit_object, library
from chainrule.compile.target import Target, host


AARCH64 = Target("aarch64-unknown-linux-gnu", "", "+neon", 128, 32, False)

FILL = """
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define void @fill(ptr %p, i64 %n) nounwind {
  call void @llvm.memset.p0.i64(ptr %p, i8 7, i64 %n, i1 false)
  ret void
}
"""
FMA = """
define <16 x float> @f(<16 x float> %x, <16 x float> %y) nounwind {
  %p = fmul <16 x float> %x, %y
  %s = fadd <16 x float> %p, %y
  ret <16 x float> %s
}
"""


def plus(number):
    """The IR of f(x) = x + number."""
    return f"define double @f(double %x) {{ %y = fadd double %x, {number:e} ret double %y }}"


def calls(name):
    """The IR of g(x) = name(x) · 2."""
    return f"""
    declare double @{name}(double)
    define double @g(double %x) nounwind {{
      %y = call double @{name}(double %x)
      %z = fmul double %y, 2.0
      ret double %z
    }}"""


def made(text, content=None, imports=None):
    return library(content or text, lambda: text, host(), imports)


def function(found, name):
    return found.function(name, ctypes.c_double, ctypes.c_double)


def not_written():
    raise AssertionError("the code was to come out of the cache")


# ---- code that runs -------------------------------------------------------------------------


def test_code_runs():
    assert function(made(plus(1.5)), "f")(2.0) == 3.5


def test_every_function_has_an_address_and_no_other_name():
    found = made(plus(1) + "define internal void @hidden() { ret void }")
    assert list(found.addresses) == ["f"]
    with pytest.raises(KeyError, match="no function 'g' in the library; it has \\['f'\\]"):
        found.address("g")


def test_function_keeps_its_library():
    f = function(made(plus(1)), "f")
    gc.collect()
    assert f(1) == 2


def test_libraries_may_use_the_same_names():
    one, two = made(plus(1)), made(plus(2))
    assert function(one, "f")(0) == 1 and function(two, "f")(0) == 2


def test_address_can_be_imported():
    triple = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(lambda x: 3 * x)
    imports = {"triple": ctypes.cast(triple, ctypes.c_void_p).value}
    assert function(made(calls("triple"), imports=imports), "g")(5) == 30


def test_imported_library_lives_as_long_as_it_is_needed():
    inner = made(plus(1))
    outer = made(calls("f"), imports={"f": inner})
    watch = weakref.ref(inner)
    del inner
    gc.collect()
    assert function(outer, "g")(5) == 12
    del outer
    gc.collect()
    assert watch() is None


def test_code_that_fills_memory_finds_the_systems_function():
    memory = ctypes.create_string_buffer(1000)
    made(FILL).function("fill", None, ctypes.c_void_p, ctypes.c_int64)(memory, 999)
    assert memory.raw == b"\7" * 999 + b"\0"


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc/self/maps")
def test_code_is_freed_with_its_library():
    def mapped():
        gc.collect()
        with open("/proc/self/maps") as maps:
            return len(maps.readlines())

    kept = [made(plus(1)) for _ in range(10)]
    before = mapped()
    for _ in range(50):
        made(plus(1))
    assert mapped() <= before + 5
    more = [made(plus(1)) for _ in range(50)]
    assert mapped() >= before + len(more)
    assert kept


def test_threads_may_compile_at_once():
    results = {}

    def work(number):
        results[number] = function(made(plus(1000 + number)), "f")(0)

    threads = [threading.Thread(target=work, args=(number % 5,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: 1000 + number for number in range(5)}


# ---- code that is refused --------------------------------------------------------------------


@pytest.mark.parametrize("text", ["nonsense", "define double @f() { ret double undefined }"])
def test_wrong_code_is_refused(text):
    with pytest.raises(CompileError, match="LLVM refuses the code"):
        made(text)


def test_code_that_fails_verification_is_refused():
    text = """
    define i64 @f(i1 %c) {
      br i1 %c, label %a, label %b
    a:
      %x = add i64 1, 1
      br label %b
    b:
      ret i64 %x
    }"""
    with pytest.raises(CompileError, match="does not dominate"):
        made(text)


def test_function_that_is_missing_is_an_error_even_if_the_process_has_it():
    with pytest.raises(CompileError, match=r"calls \['cbrt'\]; there are \['f'\]"):
        made(calls("cbrt"), imports={"f": 1})


# ---- what it is kept under -------------------------------------------------------------------


def test_code_that_was_compiled_before_is_not_written_again():
    made(plus(3), "three")
    assert function(library("three", not_written, host()), "f")(0) == 3


@pytest.fixture
def three_is_cached():
    made(plus(3), "three")


def test_other_content_is_other_code(three_is_cached):
    assert function(made(plus(4), "four"), "f")(0) == 4


def test_other_processor_is_other_code(three_is_cached):
    other = dataclasses.replace(host(), cpu="")
    assert function(library("three", lambda: plus(4), other), "f")(0) == 4


@pytest.mark.parametrize("place", range(4))
def test_other_version_is_other_code(three_is_cached, monkeypatch, place):
    versions = list(build._versions())
    versions[place] += "1"
    monkeypatch.setattr(build, "_versions", lambda: versions)
    assert function(made(plus(4), "three"), "f")(0) == 4


def test_versions_cover_the_sources_of_the_compiler():
    names = {path.name for path in build._source_files()}
    assert {"build.py", "elementwise.py", "simplify.py"} <= names


def test_damaged_entry_is_compiled_again(three_is_cached):
    path = cache._path(build._key("three", host()))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert function(made(plus(3), "three"), "f")(0) == 3
    assert function(library("three", not_written, host()), "f")(0) == 3


# ---- the code itself -------------------------------------------------------------------------


def test_code_out_of_the_cache_can_be_read():
    made(plus(3), "three")
    found = made(plus(3), "three")
    assert "define double @f" in found.ir and "f:" in found.assembly


@pytest.mark.parametrize("cpu", ["skylake-avx512", "znver5"])
def test_wide_vectors_are_used_as_written(cpu):
    target = Target("x86_64-unknown-linux-gnu", cpu, "", 512, 32, True)
    assert "zmm0" in emit_assembly(FMA, target)


@pytest.mark.parametrize("target", [host(), AARCH64], ids=["host", "aarch64"])
def test_product_and_sum_are_rounded_apart(target):
    text = emit_assembly(FMA, target)
    assert "fma" not in text and "fmla" not in text


def test_constants_lie_near_the_code():
    target = Target("x86_64-unknown-linux-gnu", "", "", 128, 16, False)
    text = emit_assembly(plus(1.1), target)
    assert "(%rip)" in text and "movabs" not in text


def test_object_for_another_processor():
    found = emit_object(plus(1), AARCH64)
    assert found[:4] == b"\x7fELF" and found[18] == 183
