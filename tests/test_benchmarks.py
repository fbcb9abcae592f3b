"""The benchmarks still run: each workload makes a step of ours. How fast is measured by hand, not here."""

import math

import pytest

from tests.benchmarks.workloads import RIVALS, WORKLOADS


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_makes_a_step(name: str):
    workload = WORKLOADS[name]
    ours = [builders[workload.kind] for builders in RIVALS.values() if workload.kind in builders]
    steps = [make(workload.make(), workload.batches(), workload.lr) for make in ours]
    assert steps and all(math.isfinite(step(0)) for step in steps)
