"""Settings of every test, made before NumPy and matplotlib are imported."""

import os

import hypothesis


os.environ.setdefault("MPLBACKEND", "Agg")
# One thread for BLAS: the tests themselves run on every core, and their matrices are small.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No deadline: on a busy machine it measures the neighbours. Cases follow from the test alone, so
# that a commit that passes goes on to pass; `make hunt` draws others.
hypothesis.settings.register_profile("fixed", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("random", deadline=None)
hypothesis.settings.load_profile("fixed")
