"""Tests of evalplus without their one import: numpy, with which they compare floats.

The sandbox has the standard library only. The import is replaced by the few comparisons that they
use, over numbers and nested sequences of them.
"""

_IMPORT = "import numpy as np\n"
# numpy.allclose compares as |actual - desired| <= atol + rtol * |desired|, and equal infinities as
# equal; assert_allclose takes a NaN for equal to a NaN, allclose does not.
_COMPARISONS = """
class np:
    class ndarray: ...
    float32 = float64 = object()
    @staticmethod
    def allclose(actual, desired, rtol=1e-05, atol=1e-08, equal_nan=False):
        if isinstance(desired, (list, tuple)) or isinstance(actual, (list, tuple)):
            if not isinstance(desired, (list, tuple)):
                return all(np.allclose(a, desired, rtol, atol, equal_nan) for a in actual)
            if not isinstance(actual, (list, tuple)):
                return all(np.allclose(actual, d, rtol, atol, equal_nan) for d in desired)
            if len(actual) != len(desired):
                raise ValueError("sequences of different lengths")
            return all(
                np.allclose(a, d, rtol, atol, equal_nan) for a, d in zip(actual, desired)
            )
        if actual == desired or (equal_nan and actual != actual and desired != desired):
            return True
        difference = abs(actual - desired)
        return difference <= atol + rtol * abs(desired) < float("inf")
    class testing:
        @staticmethod
        def assert_allclose(actual, desired, rtol=1e-07, atol=0, equal_nan=True):
            assert np.allclose(actual, desired, rtol, atol, equal_nan)
"""


def without_numpy(tests: str) -> str:
    """Return tests whose import of numpy is replaced by the comparisons that they use."""
    return tests.replace(_IMPORT, _COMPARISONS, 1)
