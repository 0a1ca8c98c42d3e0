"""TransNet V2, which finds the cuts in a clip (Souček and Lokoč, 2020, arXiv:2008.04838)."""
