"""What the tests of compiled code share: a cache of their own, and memory full of rubbish."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
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
