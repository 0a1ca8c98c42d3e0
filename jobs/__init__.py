"""Jobs, waiting, running and done: queue, scheduler, live store, costs."""
