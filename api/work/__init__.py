"""Work in the background: the tasks, and the process that does them."""
