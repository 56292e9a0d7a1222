"""Which record a reviewer reads next: candidates, assignments, reservations, calibration."""
