"""How long the fuzzing runs: seconds among the tests, as long as one likes by `make fuzz`."""

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("FUZZ_EXAMPLES")

# A test of all kinds has fewer inputs for each.
for name, short in (("fuzz", 50), ("fuzz-kind", 10)):
    settings.register_profile(
        name,
        max_examples=int(EXAMPLES or short),
        # The bound on time for one input, on a machine that has other work as well.
        deadline=timedelta(seconds=20),
        # Among the tests the same inputs each time: what failed once fails again.
        derandomize=EXAMPLES is None,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
