"""What the tests of compiled code share: a cache of their own, and memory full of rubbish."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainrule.compile.target import Target, host


@pytest.fixture(scope="module", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that was compiled before is used, and the user's cache is left alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def poisoned_memory() -> Iterator[None]:
    """All that `np.empty` gives is NaN, -1 or no boolean at all, so that what is left out shows."""
    plain = np.empty

    def poisoned(*args: Any, **kwargs: Any) -> Any:
        array = plain(*args, **kwargs)
        if array.dtype.kind in "fiub":
            array.reshape(-1).view(np.uint8).fill(255)
        return array

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "empty", poisoned)
        yield


@pytest.fixture(scope="session")
def narrower() -> Callable[[str], Target]:
    """This machine without its widest vectors, by name; skips where it has no such thing."""

    def find(name: str) -> Target:
        target = host()
        if not target.triple.startswith("x86_64") or ("avx2" in name and not target.has("avx2")):
            pytest.skip(f"this machine has no {name}")
        cpu, features, bits, masks = {
            "avx2": ("haswell", "+avx2,+fma", 256, True),
            "avx2 without masks": ("haswell", "+avx2,+fma", 256, False),
            "sse2": ("x86-64", "+sse2", 128, False),
        }[name]
        return replace(
            target, cpu=cpu, features=features, vector_bits=bits, registers=16, masks=masks
        )

    return find
