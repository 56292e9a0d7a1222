"""What the lists of a review show, as tables that people download."""
