"""The benchmarks still run: each workload makes a step of ours. How fast is measured by hand, not here."""

import math

import pytest

from tests.benchmarks.workloads import RIVALS, WORKLOADS


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_makes_a_step(name: str):
    workload = WORKLOADS[name]
    step = RIVALS["nnlearn"][workload.kind](workload.make(), workload.batches(), workload.lr)
    assert math.isfinite(step(0))
