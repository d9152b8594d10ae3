"""Settings of every test, made before NumPy and matplotlib are imported."""

import os

import hypothesis


os.environ.setdefault("MPLBACKEND", "Agg")
# One thread for BLAS: the tests themselves run on every core, and their matrices are small.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No deadline: on a busy machine it measures the neighbours.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if "CI" in os.environ else "here")
