"""How many examples a property gets: a few with `make test`, many with `make test-slow`, more by hand.

HYPOTHESIS_PROFILE chooses: `default`, `thorough`, or `hunt`, which looks elsewhere each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

VARIABLE = "HYPOTHESIS_PROFILE"
_QUICK = (Phase.explicit, Phase.generate)
_EXAMPLES = {"default": 3, "thorough": 50, "hunt": 3000}


def register() -> None:
    """Registers the profiles and loads the one that is asked for. To be called once, before tests are read."""
    for name, count in _EXAMPLES.items():
        settings.register_profile(
            name,
            max_examples=count,
            derandomize=name != "hunt",
            database=None,
            # No clock: on a busy machine it would fail what is right.
            deadline=None,
            # To make an example small takes minutes: `thorough` and `hunt` do, for those who look.
            phases=_QUICK if name == "default" else tuple(Phase),
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile(os.environ.get(VARIABLE, "default"))


def share(part: float) -> settings:
    """Settings with `part` of the profile's number of examples: less than 1 for what is slow."""
    return settings(max_examples=max(1, round(settings().max_examples * part)))
