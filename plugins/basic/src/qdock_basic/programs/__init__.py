"""Circuits as the simulator sees them: steps, what is left to chance in them, and which method runs them."""
