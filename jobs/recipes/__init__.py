"""Running recipes: a chain of steps becomes jobs, one after the other, with stops for the person to decide."""
