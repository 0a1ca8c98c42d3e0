"""What is waiting, running, done: queue, scheduler, live store, costs."""
