"""The benchmarks still run: each workload makes a step of ours. How fast is measured by hand, not here."""

import math

import pytest

from tests.benchmarks.workloads import WORKLOADS, ours


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_makes_a_step(name: str):
    workload = WORKLOADS[name]
    assert math.isfinite(ours(workload.make(), workload.batches(), workload.lr)(0))
