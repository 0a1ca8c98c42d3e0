"""Running recipes: from a chain of steps to jobs, one after the other, as their person lets them."""
