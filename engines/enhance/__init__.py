"""Making what exists better: larger, sharper, smoother, cut out, restyled."""
