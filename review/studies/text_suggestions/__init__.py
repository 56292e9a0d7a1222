"""Values that a report's text suggests, each with its sentence; people decide."""
