"""RIFE: frame interpolation (Huang et al., "Real-Time Intermediate Flow Estimation for Video Frame Interpolation", ECCV
2022, arXiv:2011.06294), the network of version 4."""
