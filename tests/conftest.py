"""What every test shares: how Hypothesis behaves. How fast a machine is must never decide whether a test passes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("bbquery", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bbquery")
