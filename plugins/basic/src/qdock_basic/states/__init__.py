"""Arrays of amplitudes, and what gates and measurements make of them."""
