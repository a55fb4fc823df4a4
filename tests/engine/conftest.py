"""Properties take as long as the machine needs: no deadline and no limit on how long drawing an example takes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")
