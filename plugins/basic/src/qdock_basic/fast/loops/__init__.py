"""The loops that change a state or add it up, and what decides which of them a row needs."""
