"""Which record a reviewer screens next: candidates, assignments, reservations, calibration sets."""
